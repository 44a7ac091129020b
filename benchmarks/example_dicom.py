"""Writes an example film as a Computed Radiography object, in the forms that archives hold."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

SIDE = 384
"""Rows and columns. Reducing the film gives levels between its 256, so that 12 bits say more."""


@dataclass(frozen=True, slots=True)
class Film:
    """One film of the collection, under the names that the examples use.

    `age` is in years, as written in the collection; empty strings mean that it is not known.
    """

    source: Path
    name: str
    label: str
    patient_id: str
    study_id: str
    view: str
    sex: str
    age: str
    findings: str
    split: str
    site: str
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """How a film is stored. `slope` and `intercept` are the modality rescale, if there is one."""

    given_name: str
    syntax: UID
    bits: int = 12
    inverted: bool = False
    slope: float | None = None
    intercept: float = 0.0
    window: bool = True

    @property
    def top(self) -> int:
        """The highest stored value."""
        return (1 << self.bits) - 1


FORMS = (
    Form("Anna", ExplicitVRLittleEndian, bits=8, window=False),
    Form("Boris", JPEG2000Lossless),
    Form("Chen", RLELossless, bits=8, window=False),
    Form("Dalia", ExplicitVRLittleEndian, inverted=True),
    Form("Emil", JPEG2000Lossless, bits=8, window=False),
    Form("Fatima", RLELossless),
    Form("Goran", JPEG2000Lossless, inverted=True),
    Form("Hana", ExplicitVRLittleEndian, slope=1.0, intercept=-1024.0),
    Form("Ivan", RLELossless, inverted=True, slope=0.5, intercept=100.0),
    Form("Jing", JPEG2000Lossless, slope=2.0, intercept=-2048.0),
    Form("Kofi", JPEG2000Lossless, bits=10, window=False),
    Form("Lena", RLELossless, bits=8, inverted=True),
    Form("Mario", JPEG2000Lossless),
    Form("Nora", ExplicitVRLittleEndian, inverted=True, slope=1.0, intercept=-1024.0),
    Form("Omar", RLELossless, bits=8, window=False),
    Form("Petra", JPEG2000Lossless, slope=0.5, intercept=0.0),
)
"""One for each DICOM film, archive first. The names are invented."""


def uid(*parts: str) -> UID:
    """A UID that depends on nothing but the words (DICOM PS3.5 B.2: 2.25 and a UUID)."""
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, '/'.join(('cbir examples', *parts))).int}")


def stored_pixels(film: Film, form: Form) -> NDArray[np.uint16]:
    """The film as (SIDE, SIDE) stored values of `form`, range 0..`form.top`."""
    grey = cv2.imread(str(film.source), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise FileNotFoundError(f"{film.source}: no picture that can be read")
    small = cv2.resize(grey.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    stored = np.rint(small * (form.top / 255)).astype(np.uint16)
    return np.asarray(form.top - stored if form.inverted else stored, np.uint16)


def file_meta(instance: UID, form: Form) -> FileMetaDataset:
    """The file's own header (DICOM PS3.10 7.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    # Named here, or the bytes would change with pydicom's version.
    meta.ImplementationClassUID = uid("implementation")
    meta.ImplementationVersionName = "CBIR_EXAMPLES"
    return meta


def add_patient_and_study(ds: Dataset, film: Film, form: Form) -> None:
    """Patient, General Study, General Series, CR Series (DICOM PS3.3 C.7.1 to C.7.3, C.8.1.1)."""
    ds.PatientName = f"Example^{form.given_name}"
    ds.PatientID = film.patient_id
    ds.PatientBirthDate = ""
    ds.PatientSex = film.sex
    if film.age:
        ds.PatientAge = f"{int(float(film.age)):03d}Y"
    ds.StudyInstanceUID = uid("study", film.study_id)
    ds.StudyID = film.study_id[:16]
    ds.StudyDate = ds.StudyTime = ds.AccessionNumber = ds.ReferringPhysicianName = ""
    if film.split == "archive":  # a query does not come with its answer
        ds.AdmittingDiagnosesDescription = film.label
        ds.ImageComments = film.findings
    ds.Modality = "CR"
    ds.SeriesInstanceUID = uid("series", film.name)
    ds.SeriesNumber = ds.InstanceNumber = 1
    ds.BodyPartExamined = "CHEST"
    ds.ViewPosition = film.view
    ds.Manufacturer = ""


def add_image(ds: Dataset, form: Form, pixels: NDArray[np.uint16]) -> None:
    """Image Pixel, Modality LUT and VOI LUT (DICOM PS3.3 C.7.6.3, C.11.1, C.11.2)."""
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.DerivationDescription = "Made from a published 8-bit film, reduced"
    ds.LossyImageCompression = "01"
    ds.LossyImageCompressionMethod = "ISO_10918_1"
    ds.LossyImageCompressionRatio = 10  # about: the published films are JPEG or were made from it
    ds.PatientOrientation = ""
    ds.BurnedInAnnotation = "NO"
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME1" if form.inverted else "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape
    ds.BitsAllocated = 8 if form.bits == 8 else 16
    ds.BitsStored, ds.HighBit = form.bits, form.bits - 1
    ds.PixelRepresentation = 0
    slope = 1.0 if form.slope is None else form.slope
    if form.slope is not None:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = slope, form.intercept, "US"
    if form.window:
        low, high = np.percentile(pixels, (0.5, 99.5)) * slope + form.intercept
        ds.WindowCenter, ds.WindowWidth = round(float(low + high) / 2), round(float(high - low))
    ds.PixelData = pixels.astype(np.uint8 if form.bits == 8 else "<u2").tobytes()
    ds["PixelData"].VR = "OB" if form.bits == 8 else "OW"


def write_dicom(film: Film, form: Form, target: Path) -> None:
    """Write `film` to `target` in that form. The same film and form give the same bytes."""
    ds = Dataset()
    instance = uid("instance", film.name)
    ds.file_meta = file_meta(instance, form)
    ds.SOPClassUID = ComputedRadiographyImageStorage
    ds.SOPInstanceUID = instance
    ds.SpecificCharacterSet = "ISO_IR 192"
    add_patient_and_study(ds, film, form)
    add_image(ds, form, stored_pixels(film, form))
    if form.syntax != ExplicitVRLittleEndian:
        ds.compress(form.syntax, generate_instance_uid=False)
    ds.save_as(target, enforce_file_format=True)
