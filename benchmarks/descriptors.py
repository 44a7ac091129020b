"""Each descriptor alone: python -m benchmarks.descriptors --data FOLDER [--quick] [--json FILE].

FOLDER holds `chest_xray` and `multimodality`, or any folders with a `cases.csv`. `--quick` takes
the example films instead. Beside the descriptors stand raw pixels (the floor) and random vectors.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.edge_mpeg7 import EdgeHistogramMpeg7
from benchmarks.figures import machine
from benchmarks.labelled import LabelledSet, Precision, precision, read_set
from models.arrays import FloatImage
from models.descriptors import Descriptor, load, text
from models.encoders.fit import fit
from models.runtime import EncoderSpec, registry

_WORKING_PX = 256
_RAW_PX = 32
_EXAMPLES = Path(__file__).parents[1] / "examples"
_QUICK_ENCODERS = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was measured of one descriptor on one part of a set."""

    part: str
    descriptor: str
    pictures: int
    found: Precision
    dim: int
    microseconds: float  # CPU time a picture; 0 where nothing is computed


class RawPixels:
    """The picture itself in 32 x 32 grey pixels."""

    name = "raw 32 x 32 pixels"
    dim = _RAW_PX * _RAW_PX

    def describe(self, image: FloatImage, mask: object = None) -> FloatImage:
        """float32 (1024,) of unit length, or zeros."""
        grey = image if image.ndim == 2 else image.mean(axis=2)
        small = cv2.resize(grey, (_RAW_PX, _RAW_PX), interpolation=cv2.INTER_AREA).ravel()
        return np.asarray(small / max(float(np.linalg.norm(small)), 1e-9), np.float32)


class Embedding:
    """An encoder as a descriptor, one picture at a time."""

    def __init__(self, name: str) -> None:
        """`name`: of the encoder."""
        self._encoder = registry.load(name, threads=1)
        self.name = f"embedding, {name}"
        self.dim = self._encoder.spec.dim

    def describe(self, image: FloatImage, mask: object = None) -> FloatImage:
        """float32 (dim,) of unit length."""
        picture = fit(image, self._encoder.spec.size)
        return np.asarray(self._encoder.encode(picture[None])[0], np.float32)


def measure(chosen: LabelledSet, descriptors: Sequence[Descriptor]) -> Iterator[Row]:
    """Random vectors, each of the descriptors, and text where there are findings."""
    vectors = {d.name: np.empty((len(chosen.rows), d.dim), np.float32) for d in descriptors}
    spent = {d.name: 0.0 for d in descriptors}
    for row, picture in enumerate(chosen.pictures()):
        small = _reduced(picture)
        for descriptor in descriptors:
            given = picture if isinstance(descriptor, Embedding) else small
            began = time.process_time()
            vectors[descriptor.name][row] = descriptor.describe(given)
            spent[descriptor.name] += time.process_time() - began
    random = np.random.default_rng(0).standard_normal((len(chosen.rows), 64)).astype(np.float32)
    for part, inside in chosen.parts().items():
        count = int(inside.sum())
        yield Row(part, "random", count, precision(random, chosen, inside), 64, 0.0)
        for name, found in vectors.items():
            cost = spent[name] / len(chosen.rows) * 1e6
            how_well = precision(found, chosen, inside)
            yield Row(part, name, count, how_well, found.shape[1], cost)
    yield from _text(chosen)


def _text(chosen: LabelledSet) -> Iterator[Row]:
    """The text block, on the pictures that have findings, each asking those of other patients."""
    rows = tuple({**row, "split": ""} for row in chosen.rows if row.get("findings"))
    if not rows:
        return
    told = LabelledSet(f"{chosen.name}, with findings", chosen.folder, rows)
    findings = [row["findings"] for row in rows]
    model = text.fit(findings)
    began = time.process_time()
    found = model.transform(findings)
    cost = (time.process_time() - began) / len(rows) * 1e6
    how_well = precision(found, told, np.ones(len(rows), bool))
    yield Row(told.name, "text", len(rows), how_well, text.DIM, cost)


def _reduced(picture: FloatImage) -> FloatImage:
    """At most 256 pixels long, as indexing hands pictures to the histograms."""
    scale = _WORKING_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = ["| descriptor | P@1 | P@5 | mAP | dim | CPU, µs |", "|---|---|---|---|---|---|"]
    part = ""
    for row in rows:
        if row.part != part:
            lines.append(f"| **{row.part}** ({row.pictures} pictures) | | | | | |")
            part = row.part
        scores = " | ".join(f"{score:.3f}" for score in asdict(row.found).values())
        cost = f"{row.microseconds:,.0f}" if row.microseconds else ""
        lines.append(f"| {row.descriptor} | {scores} | {row.dim} | {cost} |")
    return "\n".join(lines)


def _sets(data: Path | None, quick: bool) -> list[LabelledSet]:
    if quick:
        return [read_set(_EXAMPLES / "archive", _EXAMPLES / "queries")]
    if data is None:
        raise SystemExit("--data FOLDER is needed, or --quick")
    found = [data] if (data / "cases.csv").exists() else sorted(data.glob("*/"))
    named = [f for f in found if (f / "cases.csv").exists()]
    wanted = [f for f in named if f.name in ("chest_xray", "multimodality")] or named
    return [read_set(folder) for folder in wanted]


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.descriptors")
    parser.add_argument("--data", type=Path, help="a folder of sets with a cases.csv each")
    parser.add_argument("--quick", action="store_true", help="the example films, one encoder")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    told = parser.parse_args(arguments)
    sets = _sets(told.data, told.quick)
    cv2.setNumThreads(1)
    encoders = registry.available(EncoderSpec)
    names = [spec.name for spec in encoders if registry.is_shipped(spec.name)]
    names = names[:_QUICK_ENCODERS] if told.quick else names
    pixels: list[Descriptor] = [RawPixels(), load("colour"), load("edge"), EdgeHistogramMpeg7()]
    embeddings: list[Descriptor] = [Embedding(name) for name in names]
    rows = [row for chosen in sets for row in measure(chosen, pixels + embeddings)]
    show(table(rows))
    if told.json:
        report = {"machine": machine(), "rows": [asdict(row) for row in rows]}
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
