"""Worker side of gathering films to train on: the very pictures that an index's encoder gets.

read -> preprocess -> segment -> the encoder's picture, and the mask in the same square
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from indexer import prepare, read
from indexer.config import from_json
from models.arrays import ByteImage, FloatImage
from models.encoders.fit import fit

Meta = dict[str, Any]
Arrays = dict[str, np.ndarray]


def run(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """What a worker can be asked for here, by `params["job"]`."""
    return {"peek": prepare.peek, "film": film}[params["job"]](params)


def film(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """The pictures of one scan, uint8 (n, size, size, 1 or 3), and what its header says.

    `params`: `paths` (the files of one scan), `config` (as JSON text), `size`, `mask` (a mask file,
    or ""). With a mask whose size is the scan's also `masks`: uint8 (n, size, size), 0..255; the
    meta's `mask` says "", "taken" or "another size". Raises `UnreadableScan`.
    """
    config = from_json(json.loads(params["config"]))
    paths = [Path(path) for path in params["paths"]]
    scan = read.read(paths)
    chosen = prepare.slices_of(scan, config.slices)
    prepared = prepare.prepared_scan(scan, config)
    ready, found = prepared.shown, prepared.region
    given = prepare.mask_of(Path(params["mask"]), prepared.cuts) if params["mask"] else None
    pictures, masks = [], []
    fits = given is not None and given.shape == ready.pixels.shape[: given.ndim]
    for number in chosen:
        picture = ready.pixels[number] if scan.volume else ready.pixels
        region = found.mask if found.mask is None or not scan.volume else found.mask[number]
        inside, _ = prepare.within_region(picture, region)
        pictures.append(fit(inside, params["size"]))
        if given is not None and fits:
            told = given[number] if scan.volume else given
            part, _ = prepare.within_region(told.astype(np.float32), region)
            masks.append(_square(part, params["size"]))
    arrays = {"pictures": np.stack(pictures)}
    if not scan.colour:
        arrays["pictures"] = arrays["pictures"][..., :1]
    if masks:
        arrays["masks"] = np.stack(masks)
    return {
        "header": asdict(scan.header),
        "sha256": [prepare.sha256_of(path) for path in paths],
        "mask": "" if given is None else "taken" if fits else "another size",
        "segmentation": found.method if not found.fell_back else "whole image",
        "shape": list(ready.pixels.shape[1:3] if scan.volume else ready.pixels.shape[:2]),
    }, arrays


def _square(mask: FloatImage, size: int) -> ByteImage:
    """The mask (0 or 1) as a square: how much of each pixel it covers, 0..255."""
    levels = (mask * 255).astype(np.uint8)
    shrinks = max(mask.shape) > size
    drawn = cv2.resize(
        levels, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return np.asarray(drawn, np.uint8)
