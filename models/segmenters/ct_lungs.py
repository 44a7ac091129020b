"""The lungs on a CT, by threshold; for the chest."""

import cv2
import numpy as np

from models.arrays import FloatImage, Mask
from models.segmenters import Wants
from models.segmenters.ct_body import body_of
from models.segmenters.regions import (
    closed,
    main_components,
    opened,
    pixel_mm_of,
    reduced,
    restored,
)

LUNG_HU = -320.0
_VESSEL_MM = 7.0  # vessels and nodules up to twice this wide are taken in
_AIRWAY_MM = 2.0  # half of the width of what is cut off before lungs are told from bowel gas
_TRACHEA_MM2 = 700.0  # the widest trachea's cross-section
_GAS_HU = -925.0  # half of a region below this: gas, as in bowels; lung has tissue in it
_BOWEL_MM2 = 5000.0  # larger empty regions are emphysema or a pneumothorax, and stay
_MIDLINE = 0.12  # half of the width, as a share of the body's, where the trachea is looked for


class CtLungs:
    """Air (below -320 HU) within the body, its largest components, without trachea and bowel gas.

    The scheme of Hu 2001, "Automatic lung segmentation for accurate quantitation of volumetric
    X-ray CT images", made simpler: the trachea goes by its size and place in each slice, bowel gas
    by being empty. Closing takes vessels and small nodules in. Consolidated or collapsed lung and
    effusions are as dense as the chest wall and are left out: where they matter, take the box of
    the mask. So is a lung that the edge of the picture cuts: nothing encloses it.
    """

    name = "ct_lungs"
    wants: Wants = "unit"

    def segment(self, pixels: FloatImage, spacing_mm: tuple[float, ...] | None) -> Mask | None:
        """The mask, or None where the body holds no lung; see `Segmenter`. `pixels` in HU."""
        small = reduced(pixels)
        pixel_mm = pixel_mm_of(small.shape[-1], pixels.shape[-1], spacing_mm)
        body = body_of(small, pixel_mm)
        air = opened(_lung_air(small, body, pixel_mm), _AIRWAY_MM / pixel_mm)
        lungs = main_components(air, share=0.1)
        if not lungs.any():
            return None
        lungs = _closed_apart(lungs, _VESSEL_MM / pixel_mm) & body
        return restored(lungs, pixels.shape)


def _lung_air(values: FloatImage, body: Mask, pixel_mm: float) -> Mask:
    """The air within the body that is neither the trachea's nor a bowel's."""
    if values.ndim == 3:
        pairs = zip(values, body, strict=True)
        return np.stack([_lung_air(one, inside, pixel_mm) for one, inside in pairs])
    air = (values < LUNG_HU) & body
    columns = np.flatnonzero(body.any(axis=0))
    if columns.size == 0:
        return air
    middle, half = (columns[0] + columns[-1]) / 2, (columns[-1] - columns[0]) * _MIDLINE
    _, labels, stats, centres = cv2.connectedComponentsWithStats(air.view(np.uint8))
    counts = stats[:, cv2.CC_STAT_AREA]
    area_mm2 = counts * pixel_mm**2
    trachea = (area_mm2 < _TRACHEA_MM2) & (np.abs(centres[:, 0] - middle) < half)
    empty = np.bincount(labels[values < _GAS_HU], minlength=counts.size) > counts / 2
    other = trachea | (empty & (area_mm2 < _BOWEL_MM2))
    other[0] = True  # the background
    return np.asarray(~other[labels])


def _closed_apart(lungs: Mask, radius: float) -> Mask:
    # Each region of a slice by itself: closing both lungs at once joins them before the heart.
    if lungs.ndim == 3:
        return np.stack([_closed_apart(one, radius) for one in lungs])
    count, labels = cv2.connectedComponents(lungs.view(np.uint8))
    result = lungs
    for number in range(1, count):
        result = result | closed(labels == number, radius)
    return result
