"""What flows from stage to stage: a scan, its header, and how its grey levels are shown."""

from dataclasses import dataclass, field
from typing import Literal

from models.arrays import FloatImage, Mask

VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True, slots=True)
class Voi:
    """How values become grey levels: a window, or a table (DICOM PS3.3 C.11.2).

    `centre` and `width` are in the scan's unit. With a `table` (float32, shape (n,), range 0..1)
    they are ignored: value `first + i` is shown as `table[i]`, values beyond its ends as its ends.
    """

    centre: float
    width: float
    function: VoiFunction = "LINEAR"
    table: FloatImage | None = None
    first: float = 0.0


@dataclass(frozen=True, slots=True)
class Header:
    """What a scan's file says beside the pixels. Empty string or None: not said."""

    patient_id: str = ""
    study_id: str = ""
    series_id: str = ""
    instance_id: str = ""
    modality: str = ""  # DICOM (0008,0060): CR, DX, CT, MR, US, ...
    body_part: str = ""  # DICOM (0018,0015), upper case
    view: str = ""  # DICOM (0018,5101): PA, AP, LL, ...
    sex: str = ""  # M, F, O
    age: float | None = None  # years
    label: str = ""  # DICOM (0008,1080) Admitting Diagnoses Description
    text: str = ""  # DICOM (0020,4000) Image Comments, or other annotation text


@dataclass(frozen=True, slots=True)
class Scan:
    """One thing that a person would look at.

    `pixels`: float32. Grey picture (H, W); colour picture (H, W, 3), RGB; grey volume (D, H, W) in
    slice order; colour frames (D, H, W, 3). Values are in `unit`: "HU" for CT, other DICOM rescale
    types by their name, "rgb" for colour (range 0..1), "stored" where nothing is known, and
    "display" (range 0..1, as shown on a screen) after preprocessing.

    `valid`: bool, the shape of `pixels` without the colour axis; False where the file says that
    there is no measurement (pixel padding). None: valid everywhere.

    `spacing_mm`: distance between pixel centres, (row, column) or (slice, row, column); frames that
    are not evenly laid slices in space (cine, time points) have (row, column) only.
    `voi`: the window that the file asks for. `inverted`: low values are shown bright (MONOCHROME1).
    `bits`: bits that the file stored per sample. `paths`: of a series, its files in slice order.
    """

    pixels: FloatImage
    unit: str = "stored"
    colour: bool = False
    valid: Mask | None = None
    spacing_mm: tuple[float, ...] | None = None
    voi: Voi | None = None
    inverted: bool = False
    bits: int = 8
    header: Header = field(default_factory=Header)
    paths: tuple[str, ...] = ()

    @property
    def volume(self) -> bool:
        """Whether there is a slice (or frame) axis."""
        return self.pixels.ndim == (4 if self.colour else 3)
