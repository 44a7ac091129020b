"""Worker side of annotating: a scan as the squares that models take.

read -> quality -> mend -> preprocess -> segment -> squares, as for an index and as for training
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from indexer import prepare, read
from indexer.config import from_json
from models.encoders.fit import fit

Meta = dict[str, Any]
Arrays = dict[str, np.ndarray]


def run(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """What a worker can be asked for here, by `params["job"]`."""
    return {"peek": prepare.peek, "squares": squares}[params["job"]](params)


def squares(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """The squares of one scan, uint8 (n, size, size, 1 or 3), one array for each of `wanted`.

    `params`: `paths` (the files of one scan), `config` (as JSON text), `wanted` (pairs of what is
    seen, "region" or "whole", and the size). The meta has `files` (the SHA-256 of each), `shape` of
    the whole picture, `spacing_mm` in its plane or None, `header` and `volume`. Raises
    `UnreadableScan`.
    """
    config = from_json(json.loads(params["config"]))
    paths = [Path(path) for path in params["paths"]]
    scan = read.read(paths)
    chosen = prepare.slices_of(scan, config.slices)
    prepared = prepare.prepared_scan(scan, config)
    ready, region = prepared.shown, prepared.region.mask
    arrays: Arrays = {}
    for place, (sees, size) in enumerate(params["wanted"]):
        found = []
        for number in chosen:
            picture = ready.pixels[number] if scan.volume else ready.pixels
            mask = region[number] if region is not None and scan.volume else region
            inside, _ = prepare.within_region(picture, mask if sees == "region" else None)
            found.append(fit(inside, size))
        stacked = np.stack(found)
        arrays[f"squares{place}"] = stacked if scan.colour else stacked[..., :1]
    shape = ready.pixels.shape[1:3] if scan.volume else ready.pixels.shape[:2]
    spacing = prepared.measured.spacing_mm
    return {
        "files": [prepare.sha256_of(path) for path in paths],
        "shape": list(shape),
        "spacing_mm": None if spacing is None else list(spacing[-2:]),
        "header": asdict(scan.header),
        "volume": scan.volume,
    }, arrays
