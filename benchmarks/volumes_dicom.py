"""Made scans as DICOM series, to be read as any archive is, and what is known of them."""

import csv
import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from benchmarks.volumes_made import AIR_HU, Made
from models.arrays import FloatImage

TRUTH = "truth.json"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a made scan. `places_mm`: of its slices, in their order."""

    patient_id: str
    origin: str
    places_mm: tuple[float, ...]
    spacing_mm: float


def write_archive(made: Iterable[Made], folder: Path) -> Path:
    """One folder a scan, with a manifest; `TRUTH` beside it names the scans by their study.

    Each scan is a study of its own, of its made patient, without a label.
    """
    folder.mkdir(parents=True)
    truth, rows = {}, []
    for scan in made:
        study = f"{scan.patient_id}-{scan.number}"
        write_series(scan, folder / study)
        rows.append((study, scan.patient_id, study))
        told = Truth(scan.patient_id, scan.origin, scan.places_mm, scan.spacing_mm[0])
        truth[study] = asdict(told)
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("path", "patient_id", "study_id"), *rows])
    (folder / TRUTH).write_text(json.dumps(truth), encoding="utf-8")
    return folder


def truths(folder: Path) -> dict[str, Truth]:
    """By the study."""
    told = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    return {
        study: Truth(**{**one, "places_mm": tuple(one["places_mm"])}) for study, one in told.items()
    }


def write_series(scan: Made, folder: Path) -> None:
    """One file a slice; the names' order is that of the slices."""
    folder.mkdir()
    study = f"{scan.patient_id}-{scan.number}"
    for number, (values, place) in enumerate(zip(scan.values, scan.places_mm, strict=True)):
        ds = Dataset()
        _add_names(ds, scan, study, number)
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient = [0, 0, round(place, 3)]
        ds.PixelSpacing = [round(mm, 5) for mm in scan.spacing_mm[1:]]
        ds.SliceThickness = round(scan.spacing_mm[0], 3)
        _add_pixels(ds, values)
        ds.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)


def _add_names(ds: Dataset, scan: Made, study: str, number: int) -> None:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPInstanceUID = _uid(study, str(number))
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    ds.DerivationDescription = "Simulated: made from a published series by bending and resampling"
    ds.PatientID = scan.patient_id
    ds.PatientName = "Simulated"
    ds.StudyInstanceUID = _uid("study", study)
    ds.SeriesInstanceUID = _uid("series", study)
    ds.FrameOfReferenceUID = _uid("frame", study)
    ds.Modality, ds.BodyPartExamined = "CT", "CHEST"
    ds.InstanceNumber = number + 1


def _add_pixels(ds: Dataset, values: FloatImage) -> None:
    """Image Pixel and Modality LUT (DICOM PS3.3 C.7.6.3, C.11.1)."""
    stored = np.rint(values - AIR_HU).astype("<u2")
    ds.Rows, ds.Columns = stored.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, AIR_HU, "HU"
    ds.PixelData = np.minimum(stored, 4095).tobytes()
    ds["PixelData"].VR = "OW"


def _uid(*words: str) -> UID:
    """One that depends on nothing but the words (DICOM PS3.5 B.2: 2.25 and a UUID)."""
    name = "/".join(("cbir made series", *words))
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}")
