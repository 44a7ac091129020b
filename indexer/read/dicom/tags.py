"""The elements that a look at the header needs; pydicom skips the rest."""

from pydicom.datadict import tag_for_keyword
from pydicom.tag import BaseTag, Tag

_PLACE = (
    "SOPClassUID SOPInstanceUID SeriesInstanceUID InstanceNumber ImageType EchoNumbers "
    "TemporalPositionIdentifier ImagePositionPatient ImageOrientationPatient SpacingBetweenSlices "
    "SliceThickness SamplesPerPixel PhotometricInterpretation NumberOfFrames Rows Columns "
    "BitsAllocated BitsStored HighBit PixelRepresentation TotalPixelMatrixRows "
    "TotalPixelMatrixColumns SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence"
)
_HEADER = (
    "PatientID StudyInstanceUID Modality BodyPartExamined ViewPosition PatientSex PatientAge "
    "PatientBirthDate StudyDate AdmittingDiagnosesDescription ImageComments SpecificCharacterSet"
)


def _tags(keywords: str) -> list[int | BaseTag]:
    return [Tag(tag_for_keyword(keyword) or 0) for keyword in keywords.split()]


PLACE_TAGS = _tags(_PLACE)
PEEK_TAGS = PLACE_TAGS + _tags(_HEADER)
LAID_TAGS = PLACE_TAGS + _tags("PatientOrientation")
