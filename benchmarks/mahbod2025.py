"""Retrieval on MedMNIST as Mahbod et al. 2025 measure it, and what they published.

Their code ranks the training films by the L2 distance of frozen features and takes the first five:
mAP@5 is the mean precision at the hits over the hits there, mMV@5 counts a tied majority that holds
the true class as right, and ACC@k is a hit rate. `models.measures.ranked` has these as ``top_mAP``,
``vote`` and ``hit_rate``; here they are computed for raw pixels, whose figures they give too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.medmnist import pictures
from models.measures.ranked import Rankings, measure

MEASURES = ("top_mAP@5", "vote@5", "hit_rate@1", "hit_rate@3", "hit_rate@5")
"""Ours, in the order of their columns: mAP@5, mMV@5, ACC@1, ACC@3, ACC@5."""

FILE = "mahbod2025_supplement_tables.txt"
SETS = {"breastmnist": "BreastMNIST", "pneumoniamnist": "PneumoniaMNIST"}


@dataclass(frozen=True, slots=True)
class Published:
    """A row of their table S.1 (28 x 28 pictures): figures from 0 to 1, as `MEASURES`."""

    extractor: str
    figures: tuple[float, ...]


def published(data: Path, name: str) -> list[Published]:
    """Their rows of a set. Raises `ValueError` if the text does not hold them."""
    lines = (data / FILE).read_text(encoding="utf-8").splitlines()
    first = [place for place, line in enumerate(lines) if line.strip() == SETS[name]]
    if not first:
        raise ValueError(f"{FILE} has no table of {name}")
    rows: list[Published] = []
    for line in lines[first[0] + 1 :]:
        words = line.split()
        figures = _figures(words[-len(MEASURES) :])
        if figures is not None:
            rows.append(Published(" ".join(words[: -len(MEASURES)]), figures))
        elif words and rows:
            break
    return rows


def _figures(words: Sequence[str]) -> tuple[float, ...] | None:
    try:
        found = tuple(float(word) / 100 for word in words)
    except ValueError:
        return None
    return found if len(found) == len(MEASURES) else None


def raw_pixels(data: Path, name: str) -> tuple[float, ...]:
    """What raw pixels reach, by their way: 28 x 28 grey levels, mean 0 and length 1, by L2."""
    known, labels = pictures(data, name, "train")
    new, truth = pictures(data, name, "test")
    # Of vectors of length 1 the nearest is the one with the largest inner product.
    order = np.argsort(-_unit(new) @ _unit(known).T, axis=1, kind="stable")
    wanted = (truth[:, None] == labels[None]).sum(axis=1)
    told = Rankings(labels[order], truth, wanted)
    return tuple(float(measure(one)(told).mean()) for one in MEASURES)


def _unit(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    rows = levels.reshape(len(levels), -1).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
