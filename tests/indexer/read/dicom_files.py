"""Small DICOM files that the tests write themselves."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"


def dataset(pixels: NDArray[Any] | None, **elements: Any) -> Dataset:
    """A data set around stored values: (rows, columns), (frames, rows, columns) or (..., 3)."""
    made = Dataset()
    made.SOPClassUID = elements.pop("SOPClassUID", CT)
    made.SOPInstanceUID = generate_uid()
    made.StudyInstanceUID = "1.2.3"
    made.SeriesInstanceUID = "1.2.3.4"
    made.PatientID = "P1"
    made.Modality = "CT"
    if pixels is not None:
        _put_pixels(made, pixels)
    with disable_value_validation():  # real files are not always legal either
        for keyword, value in elements.items():
            setattr(made, keyword, value)
    return made


def _put_pixels(made: Dataset, pixels: NDArray[Any]) -> None:
    colour = pixels.shape[-1] == 3 and pixels.ndim > 2
    size = pixels.shape[:-1] if colour else pixels.shape
    made.Rows, made.Columns = size[-2:]
    if len(size) == 3:
        made.NumberOfFrames = size[0]
    made.SamplesPerPixel = 3 if colour else 1
    made.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        made.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    made.BitsAllocated = bits
    if pixels.dtype.kind == "f":
        made.add_new(0x7FE00008 if bits == 32 else 0x7FE00009, "OF" if bits == 32 else "OD", b"")
        made[0x7FE00008 if bits == 32 else 0x7FE00009].value = pixels.tobytes()
        return
    made.BitsStored, made.HighBit = bits, bits - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    made.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)


def save(made: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write it with preamble and file meta information."""
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = UID(syntax)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    with disable_value_validation():
        made.save_as(path, enforce_file_format=True)
    return path


def dicom(path: Path, pixels: NDArray[Any] | None, **elements: Any) -> Path:
    """Both in one."""
    return save(dataset(pixels, **elements), path)


def item(**elements: Any) -> Dataset:
    """One item of a sequence."""
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def plane(position: float, number: int = 1) -> dict[str, Any]:
    """An axial slice at `position` mm towards the head."""
    return {
        "ImagePositionPatient": [-10.0, -20.0, position],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [0.5, 0.25],
        "InstanceNumber": number,
    }


def ramp(rows: int = 4, columns: int = 5, dtype: Any = np.int16) -> NDArray[Any]:
    """0, 1, 2, ... row by row."""
    return np.arange(rows * columns).reshape(rows, columns).astype(dtype)
