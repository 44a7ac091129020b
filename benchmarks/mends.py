"""What mending brings: how near a mended film is to the film without the fault, and what is found.

Part of `benchmarks.quality`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.faults import Fault, faults, film_scan, twelve_bits
from benchmarks.labelled import LabelledSet, precision, read_set
from indexer.mend import mend
from indexer.preprocess import parse_chain, preprocess
from indexer.quality import MENDS
from indexer.quality.table import findings
from indexer.scan import Scan
from models.arrays import ByteImage, FloatImage
from models.descriptors import load
from models.encoders import DEFAULT
from models.encoders.fit import fit
from models.runtime import registry
from models.shrink import within

_WORKING_PX = 256
_CHAIN = parse_chain(())


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near films with a fault are to themselves without it: means of unmended, then mended.

    `mended`: the share of the films on which the mend was done. `difference`: mean absolute, range
    0..1. The others are cosines of descriptors.
    """

    fault: str
    strength: str
    films: int
    mended: float
    difference: tuple[float, float]
    colour: tuple[float, float]
    edge: tuple[float, float]
    embedding: tuple[float, float]

    def pairs(self) -> tuple[tuple[float, float], ...]:
        """Unmended and mended, in the order of the fields."""
        return self.difference, self.colour, self.edge, self.embedding


class Measures:
    """The descriptors of pictures (float32, (H, W), range 0..1)."""

    def __init__(self) -> None:
        """Loads the default encoder."""
        self._encoder = registry.load(DEFAULT, threads=1)
        self._blocks = (load("colour"), load("edge"))

    def of(self, picture: FloatImage) -> tuple[FloatImage, ...]:
        """Colour, edge and embedding, each of unit length."""
        small = within(picture, _WORKING_PX)
        return (*(block.describe(small) for block in self._blocks), self.embedding(picture))

    def embedding(self, picture: FloatImage) -> FloatImage:
        """The embedding alone."""
        square: ByteImage = fit(picture, self._encoder.spec.size)
        return np.asarray(self._encoder.encode(square[None])[0], np.float32)


def shown(scan: Scan, codes: Sequence[str]) -> tuple[FloatImage, bool]:
    """The picture after the mends of these codes, range 0..1, and whether anything was mended."""
    mended = mend(scan, findings(scan), codes, _CHAIN)
    done = any(finding.mended for finding in mended.findings)
    return preprocess(mended.scan, _CHAIN).pixels, done


def nearness(films: Sequence[FloatImage]) -> list[Nearness]:
    """One row a fault that can be mended. `films`: float32 (H, W), 0 to 255."""
    measures = Measures()
    whole = [_without_border(film) for film in films]
    can_be = [fault for fault in faults() if fault.codes[0] in MENDS and "8 bits" not in fault.name]
    return [_near(fault, whole, measures) for fault in can_be]


def _near(fault: Fault, films: Sequence[FloatImage], measures: Measures) -> Nearness:
    rows, done = [], 0
    for film in films:
        good = twelve_bits(film) if "12 bits" in fault.name else film_scan(film)
        original, _ = shown(good, ())
        bad = fault.make(film)
        mended, changed = shown(bad, tuple(MENDS))
        done += changed
        told = measures.of(original)
        pictures = (shown(bad, ())[0], mended)
        rows.append([_compared(picture, original, told, measures) for picture in pictures])
    before, after = np.array(rows).mean(axis=0)
    pairs = [(float(b), float(a)) for b, a in zip(before, after, strict=True)]
    return Nearness(fault.name, fault.strength, len(films), done / len(films), *pairs)


def _compared(
    picture: FloatImage, original: FloatImage, told: Sequence[FloatImage], measures: Measures
) -> list[float]:
    size = (original.shape[1], original.shape[0])
    same = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    difference = float(np.abs(same - original).mean())
    blocks = measures.of(picture)
    return [difference, *(float(a @ b) for a, b in zip(blocks, told, strict=True))]


def _without_border(film: FloatImage) -> FloatImage:
    """A film whose own border, if it has one, is cut off: the measure is of the border put in."""
    scan = film_scan(film)
    return mend(scan, findings(scan), ("border",), _CHAIN).scan.pixels


def retrieval(folder: Path, split: str, most: int | None) -> dict[str, float]:
    """P@5 and mAP of the embedding alone on the films as they are, without and with all mends.

    `split`: "query": those films ask the archive's; "archive": the archive's ask each other.
    """
    chosen = read_set(folder)
    rows = chosen.rows if most is None else chosen.rows[:: max(1, len(chosen.rows) // most)]
    if split == "archive":
        rows = tuple({**row, "split": ""} for row in rows if row["split"] == "archive")
    some = LabelledSet(chosen.name, chosen.folder, rows)
    measures = Measures()
    told: dict[str, float] = {}
    for name, codes in (("unmended", ()), ("mended", tuple(MENDS))):
        vectors, changed = [], 0
        for picture in some.pictures():
            ready, done = shown(film_scan(picture * 255), codes)
            vectors.append(measures.embedding(ready))
            changed += done
        how_well = precision(np.stack(vectors), some, np.ones(len(rows), bool))
        told |= {f"P@5, {name}": how_well.p5, f"mAP, {name}": how_well.map}
        told |= {f"films changed, {name}": changed / len(rows)}
    return told
