"""Simulated CT series: many made patients from a few real ones. Nothing here is a real patient.

    origin (a real series) -> made patients -> scans of each

A made patient is an origin bent strongly and scaled, with other densities. His scans are that body
again: with other spacing, slice thickness, field of view, position, coverage, sharpness,
calibration and noise. So scans of one made patient should find each other among patients of the
same origin, and of every slice it is known where in the body it lies.

What this cannot show: other anatomy, other disease, other scanners. Made patients of one origin
share its organs and its lesions; the origins' own slices lie 12 mm apart and are interpolated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from indexer import read
from models.arrays import FloatImage

SIDE_PX = 192
"""Rows and columns of a made slice."""

AIR_HU = -1024.0
_GRID = 5  # points of the bending field along each axis of the body
_BENT_MM = (7.0, 10.0, 10.0)  # standard deviation of the field (z, y, x)


@dataclass(frozen=True, slots=True)
class Origin:
    """A real series. `values`: float32 (slices, rows, columns), HU. `spacing_mm`: (z, y, x)."""

    name: str
    values: FloatImage
    spacing_mm: tuple[float, float, float]

    @property
    def extent_mm(self) -> FloatImage:
        """From its first voxel's centre to its last one's: float32 (3,)."""
        sizes = np.array(self.values.shape, np.float32) - 1
        return np.asarray(sizes * np.array(self.spacing_mm, np.float32), np.float32)


@dataclass(frozen=True, slots=True)
class Body:
    """A made patient. `scale`: (3,), larger is a larger body. `bent_mm`: (grid, grid, grid, 3).

    `density_hu`: what is added to the lungs, `tissue`: what contrasts in tissue are multiplied by.
    """

    origin: Origin
    number: int
    scale: FloatImage
    bent_mm: FloatImage
    density_hu: float
    tissue: float

    @property
    def patient_id(self) -> str:
        """Says that it was made."""
        return f"made-{self.origin.name}-{self.number:03d}"

    @property
    def length_mm(self) -> float:
        """Of the body along the slices' normal."""
        return float(self.origin.extent_mm[0] * self.scale[0])


@dataclass(frozen=True, slots=True)
class Made:
    """One made scan. `values`: float32 (slices, SIDE_PX, SIDE_PX), HU.

    `places_mm`: float64 (slices,), where in the body each slice lies; comparable between scans of
    the same made patient. `spacing_mm`: (z, y, x).
    """

    patient_id: str
    number: int
    origin: str
    values: FloatImage
    places_mm: tuple[float, ...]
    spacing_mm: tuple[float, float, float]


def origins(data: Path) -> list[Origin]:
    """The real series below `data`, each in a folder label/patient, by their names."""
    return [_origin(folder) for folder in sorted(data.glob("*/*")) if folder.is_dir()]


def _origin(folder: Path) -> Origin:
    scan = read.read(sorted(folder.glob("*.dcm")))
    if scan.spacing_mm is None or len(scan.spacing_mm) != 3:
        raise ValueError(f"{folder} is no series of evenly laid slices")
    values = np.where(True if scan.valid is None else scan.valid, scan.pixels, AIR_HU)
    factor = values.shape[1] / (2 * SIDE_PX)
    if factor > 1:
        size = (round(values.shape[2] / factor), round(values.shape[1] / factor))
        values = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in values])
    z, y, x = scan.spacing_mm
    reduced = scan.pixels.shape[1] / values.shape[1]
    spacing = (z, y * reduced, x * reduced)
    return Origin(folder.parent.name, np.asarray(values, np.float32), spacing)


def bodies(origin: Origin, count: int, seed: int = 0) -> list[Body]:
    """Made patients; the same ones every time for the same origin's name and seed."""
    return [_body(origin, number, seed) for number in range(count)]


def _body(origin: Origin, number: int, seed: int) -> Body:
    random = np.random.default_rng([seed, number, *origin.name.encode()])
    bent = random.standard_normal((_GRID, _GRID, _GRID, 3)) * _BENT_MM
    return Body(
        origin,
        number,
        random.uniform(0.9, 1.1, 3).astype(np.float32),
        bent.astype(np.float32),
        float(random.uniform(-40, 40)),
        float(random.uniform(0.85, 1.15)),
    )


def scans(body: Body, count: int, seed: int = 0) -> Iterator[Made]:
    """Scans of a made patient, as different scanners and days would give them."""
    for number in range(count):
        name = body.patient_id.encode()
        random = np.random.default_rng([seed, 1, number, *name])
        yield _scanned(body, number, float(random.uniform(5, 10)), random)


def dense(body: Body, slices: int, seed: int = 0) -> Made:
    """A scan of about that many slices, or a few fewer."""
    random = np.random.default_rng([seed, 2, slices, *body.patient_id.encode()])
    return _scanned(body, -1, body.length_mm / slices, random)


def _scanned(body: Body, number: int, step: float, random: np.random.Generator) -> Made:
    thick = step * float(random.uniform(0.5, 1.0))
    first = body.length_mm * float(random.uniform(0, 0.12))
    last = body.length_mm * float(random.uniform(0.88, 1))
    places = np.arange(first, last, step)
    plane = _Plane.drawn(body, random)
    halves = np.array([-thick / 4, thick / 4])
    slices = [
        np.mean([_sampled(body, place + half, plane) for half in halves], axis=0)
        for place in places
    ]
    values = _as_scanned(np.stack(slices), random)
    return Made(
        body.patient_id,
        number,
        body.origin.name,
        values,
        tuple(places.tolist()),
        (step, plane.pixel_mm, plane.pixel_mm),
    )


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where the pixels of a slice lie in the body: `y_mm`, `x_mm`, float32 (SIDE_PX, SIDE_PX)."""

    pixel_mm: float
    y_mm: FloatImage
    x_mm: FloatImage

    @classmethod
    def drawn(cls, body: Body, random: np.random.Generator) -> "_Plane":
        """Another field of view, a shift, a turn of a few degrees."""
        size = body.origin.extent_mm[1:] * body.scale[1:]
        pixel = float(size.max()) * float(random.uniform(0.9, 1.1)) / SIDE_PX
        turn = np.deg2rad(random.uniform(-4, 4))
        shift = random.uniform(-12, 12, 2)
        down, across = (np.mgrid[:SIDE_PX, :SIDE_PX] - (SIDE_PX - 1) / 2) * pixel
        y = np.cos(turn) * down - np.sin(turn) * across + size[0] / 2 + shift[0]
        x = np.sin(turn) * down + np.cos(turn) * across + size[1] / 2 + shift[1]
        return cls(pixel, y.astype(np.float32), x.astype(np.float32))


def _sampled(body: Body, place_mm: float, plane: _Plane) -> FloatImage:
    """One slice of the body, infinitely thin: float32 (SIDE_PX, SIDE_PX), HU."""
    from scipy.ndimage import map_coordinates

    extent = body.origin.extent_mm * body.scale
    points = np.stack([np.full_like(plane.y_mm, place_mm), plane.y_mm, plane.x_mm])
    grid = points / extent[:, None, None] * (_GRID - 1)
    bent = [
        map_coordinates(body.bent_mm[..., axis], grid, order=1, mode="nearest") for axis in range(3)
    ]
    spacing = np.array(body.origin.spacing_mm, np.float32) * body.scale
    there = (points + np.stack(bent)) / spacing[:, None, None]
    there[0] = np.clip(there[0], 0, len(body.origin.values) - 1)
    found = map_coordinates(body.origin.values, there, order=1, mode="constant", cval=AIR_HU)
    lungs = (found > -950) & (found < -500)
    shifted = np.where(lungs, found + body.density_hu, found)
    tissue = shifted > -200
    return np.asarray(np.where(tissue, 40 + (shifted - 40) * body.tissue, shifted), np.float32)


def _as_scanned(values: FloatImage, random: np.random.Generator) -> FloatImage:
    """Another kernel, another calibration, noise."""
    sigma = float(random.uniform(0.3, 1.0))
    blurred = np.stack([cv2.GaussianBlur(one, (0, 0), sigma) for one in values])
    noise = random.standard_normal(values.shape, np.float32) * float(random.uniform(5, 35))
    changed = blurred * float(random.uniform(0.97, 1.03)) + float(random.uniform(-15, 15)) + noise
    return np.asarray(np.clip(changed, AIR_HU, 3000), np.float32)


def all_scans(data: Path, patients: int, each: int, seed: int = 0) -> Iterator[Made]:
    """Every made scan of `patients` made patients an origin, `each` of a patient."""
    found: Sequence[Origin] = origins(data)
    for origin in found:
        for body in bodies(origin, patients, seed):
            yield from scans(body, each, seed)
