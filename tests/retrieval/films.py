"""Small archives of example films, and scans that the tests write themselves."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pydicom

from models.arrays import ByteImage
from tests.indexer.read.dicom_files import dataset, save
from tests.manifests import manifest_of, write_manifest

LABELS = ("normal", "pneumonia", "tuberculosis")
PRIOR = "normal/Montgomery_0030.jpg"
"""In the archive it is a film of the patient of `examples/queries/Montgomery_0006.dcm`."""
NOBODY = "tuberculosis/Montgomery_0170.jpg"
"""In the archive nobody knows whose film this is."""
KNOWN = "pneumonia/NIH_00000150_002.jpg"
"""A film of patient NIH-00000150; a picture, so only the archive knows that."""


def small_archive(examples: Path, archive: Path) -> Path:
    """Twelve example films, four of a label, with a manifest that has a column of its own."""
    rows = manifest_of(examples / "archive")
    chosen = []
    for label in LABELS:
        chosen += [row for row in rows if row["label"] == label][:4]
    for row in chosen:
        target = archive / row["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(examples / "archive" / row["path"], target)
        row["ward"] = "east" if row["label"] == "normal" else ""
        if row["path"] == PRIOR:
            row |= {"patient_id": "Montgomery-0006", "study_id": "earlier"}
        if row["path"] == NOBODY:
            row |= {"patient_id": "", "study_id": ""}
    write_manifest(archive, chosen)
    return archive


def two_films(examples: Path, archive: Path) -> Path:
    """Two films in folders named by their labels, without a manifest."""
    for path in (PRIOR, KNOWN):
        target = archive / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(examples / "archive" / path, target)
    return archive


def as_jpeg(dicom: Path, target: Path) -> Path:
    """The film of a DICOM file without a window, as a viewer would save it."""
    told = pydicom.dcmread(dicom)
    values = told.pixel_array.astype(np.float64)
    grey = (values - values.min()) / (values.max() - values.min())
    if told.PhotometricInterpretation == "MONOCHROME1":
        grey = 1 - grey
    levels: ByteImage = np.rint(grey * 255).astype(np.uint8)
    cv2.imwrite(str(target), levels, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return target


def series(folder: Path, name: str, slices: int = 6, seed: int = 0) -> Path:
    """A CT series of a patient: a disc that grows from slice to slice, in 64 x 64 pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed)
    down, across = np.mgrid[:64, :64] - 32
    for place in range(slices):
        inside = down**2 + (across * (1 + seed / 4)) ** 2 < (10 + 3 * place) ** 2
        values = np.where(inside, 40, -900) + noise.integers(0, 60, (64, 64))
        made = dataset(
            (values + 1024).astype(np.uint16),
            PatientID=f"P-{name}",
            StudyInstanceUID=f"1.2.826.0.1.1.{seed}",
            SeriesInstanceUID=f"1.2.826.0.1.2.{seed}",
            BodyPartExamined="ABDOMEN",
            InstanceNumber=place + 1,
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[0, 0, 5.0 * place],
            PixelSpacing=[2, 2],
            SliceThickness=5,
            RescaleSlope=1,
            RescaleIntercept=-1024,
        )
        save(made, folder / f"{name}-{place:02d}.dcm")
    return folder
