"""What a DICOM data set says about patient, study and examination."""

from datetime import date

from pydicom.dataset import Dataset

from indexer.read.dicom.values import integer, text, years
from indexer.scan import Header


def header_of(dataset: Dataset) -> Header:
    """The header fields that the index keeps (PS3.3 C.7.1 to C.7.3 and C.7.6.1)."""
    return Header(
        patient_id=text(dataset, "PatientID"),
        study_id=text(dataset, "StudyInstanceUID"),
        series_id=text(dataset, "SeriesInstanceUID"),
        instance_id=text(dataset, "SOPInstanceUID"),
        modality=text(dataset, "Modality").upper(),
        body_part=text(dataset, "BodyPartExamined").upper(),
        view=text(dataset, "ViewPosition").upper(),
        sex=_sex(dataset),
        age=_age(dataset),
        label=text(dataset, "AdmittingDiagnosesDescription"),
        text=text(dataset, "ImageComments"),
    )


def instance_number(dataset: Dataset) -> int | None:
    """Instance Number (0020,0013)."""
    return integer(dataset, "InstanceNumber")


def _sex(dataset: Dataset) -> str:
    """Patient's Sex (0010,0040), PS3.3 C.7.1.1: M, F or O; anything else is not said."""
    sex = text(dataset, "PatientSex").upper()[:1]
    return sex if sex in {"M", "F", "O"} else ""


def _age(dataset: Dataset) -> float | None:
    """Patient's Age (0010,1010), or from the dates of birth and study where it is not said."""
    age = years(text(dataset, "PatientAge"))
    if age is not None:
        return age
    born, seen = _day(text(dataset, "PatientBirthDate")), _day(text(dataset, "StudyDate"))
    if born is None or seen is None or not 0 <= (seen - born).days < 130 * 366:
        return None
    return round((seen - born).days / 365.25, 2)


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value.replace(".", "-")) if value else None
    except ValueError:
        return None
