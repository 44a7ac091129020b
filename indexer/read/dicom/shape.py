"""How large the pixels are and how they are stored, checked before any of them is touched."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from indexer.read.contract import Limits
from indexer.read.dicom.file import Opened
from indexer.read.dicom.values import integer, text
from indexer.read.reasons import unreadable

_INTEGER, _FLOAT, _DOUBLE = 0x7FE00010, 0x7FE00008, 0x7FE00009
_BITS = {_FLOAT: 32, _DOUBLE: 64}
_COLOURS_PER_PIXEL = (1, 3)


@dataclass(frozen=True, slots=True)
class Shape:
    """The Image Pixel Module (PS3.3 C.7.6.3) as far as it says how to read the bytes."""

    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    floating: bool
    photometric: str

    @property
    def size(self) -> int:
        """Samples in all frames."""
        return self.rows * self.columns * self.samples * self.frames

    @property
    def colour(self) -> bool:
        """Whether the pixels become red, green and blue."""
        return self.samples == 3 or self.photometric == "PALETTE COLOR"


def frames_of(dataset: Dataset) -> int:
    """Number of Frames (0028,0008); 1 where it is missing or empty.

    Raises `UnreadableScan` (``bad_header``) if it is there and is not a positive number.
    """
    said = text(dataset, "NumberOfFrames")
    if not said:
        return 1
    frames = integer(dataset, "NumberOfFrames")
    if frames is None or frames < 1:
        raise unreadable("bad_header", "(0028,0008) Number of Frames is not a positive number")
    return frames


def shape_of(opened: Opened) -> Shape:
    """The shape of the pixels.

    Raises `UnreadableScan`: ``not_an_image``, ``no_pixels``, ``bad_header`` or
    ``unsupported_pixels``.
    """
    dataset = opened.dataset
    if "Rows" not in dataset and not opened.pixel_tag:
        raise unreadable("not_an_image")
    if not opened.pixel_tag or opened.declared == 0:
        raise unreadable("no_pixels")
    allocated = _BITS.get(opened.pixel_tag) or _required(dataset, "BitsAllocated")
    stored = _stored(dataset, allocated, opened.pixel_tag)
    high = integer(dataset, "HighBit")
    shape = Shape(
        rows=_required(dataset, "Rows"),
        columns=_required(dataset, "Columns"),
        frames=frames_of(dataset),
        samples=integer(dataset, "SamplesPerPixel") or 1,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high if high is not None and stored - 1 <= high < allocated else stored - 1,
        signed=bool(integer(dataset, "PixelRepresentation")),
        floating=opened.pixel_tag != _INTEGER,
        photometric=text(dataset, "PhotometricInterpretation").upper() or "MONOCHROME2",
    )
    if shape.samples not in _COLOURS_PER_PIXEL:
        raise unreadable("unsupported_pixels", f"{shape.samples} samples a pixel")
    if allocated not in (1, 8, 16, 32, 64):
        raise unreadable("unsupported_pixels", f"{allocated} bits allocated")
    return shape


def check_size(samples: int, limits: Limits) -> None:
    """Raises `UnreadableScan` (``too_large``) if that many samples are more than one scan may."""
    if samples > limits.max_pixels:
        raise unreadable("too_large", f"{samples:,} of at most {limits.max_pixels:,} samples")


def _required(dataset: Dataset, keyword: str) -> int:
    value = integer(dataset, keyword)
    if value is None or value < 1:
        raise unreadable("bad_header", f"{keyword} is missing or is not a positive number")
    return value


def _stored(dataset: Dataset, allocated: int, tag: int) -> int:
    stored = integer(dataset, "BitsStored") if tag == _INTEGER else allocated
    return stored if stored is not None and 1 <= stored <= allocated else allocated
