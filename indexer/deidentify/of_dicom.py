"""DICOM: the elements that are needed to show and to describe the pixels; no other.

An allow-list rather than the confidentiality profiles of PS3.15 E: what a vendor has put into an
element that nobody has heard of is left out as well.
"""

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, SecondaryCaptureImageStorage, generate_uid

from indexer.deidentify import CODE, Names
from indexer.read.contract import Limits
from indexer.read.dicom import translated
from indexer.read.dicom.file import Opened, open_dicom
from indexer.read.dicom.header import header_of
from indexer.read.dicom.values import text
from indexer.scan import Scan
from models.errors import UnreadableScan

# What it is, and how its pixels are stored.
_STORED = (
    "SOPClassUID Modality BodyPartExamined ViewPosition PatientSex ImageType InstanceNumber "
    "SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns "
    "BitsAllocated BitsStored HighBit PixelRepresentation PixelPaddingValue PixelPaddingRangeLimit "
    "RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor "
    "BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData "
    "GreenPaletteColorLookupTableData BluePaletteColorLookupTableData LossyImageCompression "
)
# What its values mean, and how they are shown.
_SHOWN = (
    "RescaleSlope RescaleIntercept RescaleType ModalityLUTSequence ModalityLUTType LUTDescriptor "
    "LUTData WindowCenter WindowWidth VOILUTFunction VOILUTSequence PresentationLUTShape "
    "PixelIntensityRelationship PixelIntensityRelationshipSign DoseGridScaling DoseUnits Units "
)
_PLACE = (
    "PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing PixelAspectRatio SliceThickness "
    "SpacingBetweenSlices ImagePositionPatient ImageOrientationPatient PatientOrientation "
    "EchoNumbers TemporalPositionIdentifier GridFrameOffsetVector TotalPixelMatrixRows "
    "TotalPixelMatrixColumns RowPositionInTotalImagePixelMatrix "
    "ColumnPositionInTotalImagePixelMatrix SequenceOfUltrasoundRegions PhysicalDeltaX "
    "PhysicalDeltaY PhysicalUnitsXDirection PhysicalUnitsYDirection "
)
# The sequences that hold such elements, for all frames and for each.
_GROUPS = (
    "SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence "
    "PlanePositionSequence PlaneOrientationSequence PlanePositionSlideSequence "
    "PixelValueTransformationSequence FrameVOILUTSequence"
)
KEPT = frozenset((_STORED + _SHOWN + _PLACE + _GROUPS).split())
"""Keywords of the elements that are kept (PS3.6)."""

_OLDEST = 90  # years; older people are few, so their age may tell who they are
_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"


def written(
    paths: Sequence[Path], scan: Scan, names: Names, limits: Limits
) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file. Raises `UnreadableScan`, also where text is burned in."""
    for number, path in enumerate(paths):
        with translated("bad_header"):
            yield f"{number:05d}.dcm", _anew(open_dicom(path, limits), names)


def _anew(opened: Opened, names: Names) -> bytes:
    if text(opened.dataset, "BurnedInAnnotation").upper() == "YES":
        raise UnreadableScan(CODE, "its header says that there is text burned into the picture")
    kept = FileDataset("", _kept(opened.dataset))
    kept.SOPClassUID = text(kept, "SOPClassUID") or SecondaryCaptureImageStorage
    kept.SOPInstanceUID = generate_uid(prefix=None)
    kept.StudyInstanceUID, kept.SeriesInstanceUID = names.study, names.series
    kept.PatientID = kept.PatientName = names.patient
    kept.PatientIdentityRemoved = "YES"
    kept.DeidentificationMethod = "cbir: only what shows the pixels was kept"
    age = _age(header_of(opened.dataset).age)
    if age:
        kept.PatientAge = age
    _add_pixels(kept, opened)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(opened.transfer_syntax)
    kept.file_meta = meta
    file = BytesIO()
    dcmwrite(file, kept, enforce_file_format=True)
    return file.getvalue()


def _kept(dataset: Dataset) -> Dataset:
    """The elements of `KEPT`, in the items of sequences too."""
    kept = Dataset()
    for element in dataset:
        if element.keyword not in KEPT:
            continue
        if element.VR == "SQ":
            element.value = [_kept(item) for item in element.value]
        kept.add(element)
    return kept


def _add_pixels(kept: Dataset, opened: Opened) -> None:
    value = opened.with_pixels()[opened.pixel_tag].value
    if opened.declared is None:
        value = _fragments(value)
    elif len(value) % 2:
        value += b"\0"
    kept.add_new(opened.pixel_tag, opened.pixel_vr, value)
    kept[opened.pixel_tag].is_undefined_length = opened.declared is None


def _fragments(value: bytes) -> bytes:
    """The items of compressed pixels, without what follows them in the file (PS3.5 A.4)."""
    at = 0
    while value[at : at + 4] == _ITEM:
        at += 8 + struct.unpack_from("<I", value, at + 4)[0]
    if value[at : at + 4] not in (_END, b""):
        raise UnreadableScan(CODE, "its compressed pixels are not laid out as they should be")
    return value[:at]


def _age(years: float | None) -> str:
    """As DICOM writes it (PS3.5 6.2, AS)."""
    if years is None:
        return ""
    if years >= 2:
        return f"{min(int(years), _OLDEST):03d}Y"
    return f"{int(years * 12):03d}M"
