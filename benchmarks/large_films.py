"""Films of a detector's size, made of small ones: 16-bit Computed Radiography in JPEG 2000."""

import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage, JPEG2000Lossless

from benchmarks.example_dicom import Form, file_meta, uid
from benchmarks.films import Film

SIDE = 2500
"""Rows and columns."""

BITS = 16
_NOISE = 24  # levels: a detector's, so that the code is not that of a smooth enlargement
FORM = Form("Large", JPEG2000Lossless, bits=BITS)


def write_large(films: Sequence[Film], folder: Path) -> Path:
    """Writes each film enlarged as NUMBER.dcm, of a patient of its own; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0)
    for number, film in enumerate(films):
        _write(_enlarged(film.path, noise), film.row["label"], folder / f"{number:04d}.dcm")
    return folder


def decoder_alone(folder: Path) -> tuple[int, float]:
    """How many frames there are, and the CPU seconds that OpenJPEG takes for them, one thread."""
    from openjpeg.utils import decode
    from pydicom import dcmread
    from pydicom.encaps import generate_frames

    codes: list[bytes] = []
    for path in sorted(folder.glob("*.dcm")):
        codes += generate_frames(dcmread(path).PixelData, number_of_frames=1)
    decode(codes[0])
    began = time.process_time()
    for code in codes:
        decode(code)
    return len(codes), time.process_time() - began


def _enlarged(path: Path, noise: np.random.Generator) -> NDArray[np.uint16]:
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise FileNotFoundError(f"{path}: no picture that can be read")
    large = cv2.resize(grey.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    top = (1 << BITS) - 1
    levels = large * (top / 255) + noise.normal(0, _NOISE, large.shape)
    return np.asarray(np.clip(np.rint(levels), 0, top), np.uint16)


def _write(pixels: NDArray[np.uint16], label: str, target: Path) -> None:
    ds = Dataset()
    instance = uid("large", target.name)
    ds.file_meta = file_meta(instance, FORM)
    ds.SOPClassUID, ds.SOPInstanceUID = ComputedRadiographyImageStorage, instance
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid("study", instance), uid("series", instance)
    ds.PatientID, ds.Modality, ds.BodyPartExamined = target.stem, "CR", "CHEST"
    ds.AdmittingDiagnosesDescription = label
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape
    ds.BitsAllocated = ds.BitsStored = BITS
    ds.HighBit, ds.PixelRepresentation = BITS - 1, 0
    ds.PixelData = pixels.astype("<u2").tobytes()
    ds["PixelData"].VR = "OW"
    ds.compress(JPEG2000Lossless, generate_instance_uid=False)
    ds.save_as(target, enforce_file_format=True)
