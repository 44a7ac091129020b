"""From files to all that can be said without the encoder: what a sandboxed worker does.

    read -> quality -> mend -> preprocess -> segment -> histograms, preview, the encoder's picture

The same for a scan of the archive and for a query.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from indexer import read
from indexer.config import Config, from_json
from indexer.frame import Frame, frame_of
from indexer.mend import mend
from indexer.preprocess import Step, apply, chain_for, chains_with, parted, preprocess
from indexer.preprocess.mend import crop_mask
from indexer.preview_jobs import alike, fitted, turned
from indexer.profile import Profile
from indexer.quality import Finding
from indexer.quality.table import findings
from indexer.region import extent, mask_in, touched, weights_of
from indexer.scan import Scan
from indexer.segment import Segmentation, box_of, method_for, methods_with, segment
from models.arrays import FloatImage, Mask
from models.descriptors import load
from models.encoders.fit import fit
from models.errors import UnreadableScan, UsageError
from models.shrink import within

_PREVIEW_QUALITY = 85

Meta = dict[str, Any]
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scan on its way: `measured` after mends and cuts, `shown` after its modality's chain.

    `region`: of `shown`. `quality`: what was found before anything was done, and what was mended.
    `cuts`: the steps that cut something away, which a mask of the scan needs too.
    """

    measured: Scan
    shown: Scan
    region: Segmentation
    quality: tuple[Finding, ...]
    cuts: tuple[Step, ...] = ()


def peek(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """Worker side: what the header of the file `params["path"]` says, as JSON. No pixels."""
    told = read.peek(Path(params["path"]))
    return asdict(told), {}


def prepare(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """Worker side: all that can be said of a scan without the encoder.

    `params`: `paths` (the files of one scan), `config` (as JSON text), `size` (pixels that the
    encoder takes) and optionally `mask` (a mask file), `region` (see `indexer.region`) and `grid`
    (the cells that it is told in). Raises `UnreadableScan`.
    """
    config = _config(params["config"])
    paths = [Path(path) for path in params["paths"]]
    profile = Profile()
    with profile.stage("read"):
        scan = read.read(paths)
    chosen = slices_of(scan, config.slices)
    region = mask_in(scan, params["region"]) if params.get("region") else None
    if region is not None:
        chosen = touched(region, scan.volume, config.slices)
    prepared = prepared_scan(scan, config, params.get("mask", ""), profile)
    with profile.stage("hash"):
        digests = [sha256_of(path) for path in paths]
    ready, found = prepared.shown, prepared.region
    meta = {
        "header": asdict(scan.header),
        "quality": [str(finding) for finding in prepared.quality],
        "segmentation": found.method if not found.fell_back else f"whole image ({found.reason})",
        "slices": chosen if scan.volume else [-1],
        "shape": list(scan.pixels[0].shape[:2] if scan.volume else scan.pixels.shape[:2]),
        "sha256": digests,
        "files": _files(scan, params["paths"], chosen),
    }
    pictures, masks = [ready.pixels], [found.mask]
    if scan.volume:
        pictures = [ready.pixels[i] for i in chosen]
        masks = [None if found.mask is None else found.mask[i] for i in chosen]
    arrays = _picture_arrays(pictures, masks, config, int(params["size"]), profile)
    meta["frames"] = _frames(scan, masks, prepared.cuts)
    if region is not None:
        parts = [region[i] for i in chosen] if scan.volume else [region]
        meta["region"] = extent(region, scan.volume)
        arrays["weights"] = weights_of(parts, masks, prepared.cuts, params["grid"])
    meta["preview_bytes"] = arrays.pop("preview_bytes").tolist()
    meta["laps"] = profile.laps()
    return meta, arrays


def _frames(scan: Scan, masks: Sequence[Mask | None], cuts: Sequence[Step]) -> list[Frame]:
    """What part of the scan each picture shows, as JSON."""
    shape = scan.pixels[0].shape if scan.volume else scan.pixels.shape
    taken = [None if one is None or not one.any() else box_of(one) for one in masks]
    return [frame_of(shape[:2], cuts, box) for box in taken]


def _files(scan: Scan, paths: Sequence[str], chosen: Sequence[int]) -> list[int]:
    """Which of the files each chosen slice lies in; the files may be in another order."""
    if not scan.paths:
        return [0] * len(chosen)
    place = {path: number for number, path in enumerate(paths)}
    return [place[scan.paths[number]] for number in chosen]


def prepared_scan(
    scan: Scan, config: Config, mask: str = "", profile: Profile | None = None
) -> Prepared:
    """The scan looked at, mended, after its modality's chain, and its region.

    What the file's own header says decides, not the archive's table: a query has no table. `mask`:
    the mask file that came with the scan, for the method "given" and the step "highlight:mask".
    `profile`: is told what its stages take.
    Raises `UnreadableScan` (``unsuited``) where a step cannot be done on this scan.
    """
    header = scan.header
    chain = chain_for(header.modality, chains_with(config.preprocess), header.body_part)
    method = method_for(header, methods_with(config.segment))
    wanted = method == "given" or any(str(step).startswith("highlight:mask") for step in chain)
    chosen = slices_of(scan, config.slices)
    profile = profile or Profile()
    with profile.stage("quality"):
        found = findings(scan, chosen[len(chosen) // 2])
    with profile.stage("mend"):
        mended = mend(scan, found, config.mend, chain)
    cuts, steps = parted(chain)
    cut = (*mended.cuts, *cuts)
    given = mask_of(Path(mask), cut) if mask and wanted else None
    try:
        with profile.stage("preprocess"):
            measured = apply(mended.scan, cuts)
            ready = preprocess(measured, steps, given)
    except UsageError as error:
        raise UnreadableScan("unsuited", str(error)) from error
    with profile.stage("segment"):
        region = segment(measured, ready, method, given)
    return Prepared(measured, ready, region, mended.findings, cut)


def mask_of(path: Path, cuts: Sequence[Step]) -> Mask | None:
    """What is brighter than black in a mask file, cut as its scan: bool. None if that cannot be."""
    try:
        scan = read.read([path])
        pixels = scan.pixels.max(axis=-1) if scan.colour else scan.pixels
        mask = np.asarray(pixels > 0)
        for step in cuts:
            mask = crop_mask(mask, step)
    except (UnreadableScan, UsageError):
        return None
    return mask


def run(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """Worker side: the things that a worker can be asked for, by `params["job"]`."""
    from indexer.deidentify import deidentify
    from indexer.display import display  # which builds on this module

    jobs = {
        "peek": peek,
        "deidentify": deidentify,
        "display": display,
        "prepare": prepare,
        "turned": turned,
        "fitted": fitted,
        "alike": alike,
    }
    return jobs[params["job"]](params)


@cache
def _config(text: str) -> Config:
    return from_json(json.loads(text))


def slices_of(scan: Scan, most: int) -> list[int]:
    """At most `most` slices, evenly spaced, never the two outermost alone."""
    if not scan.volume:
        return [0]
    depth = len(scan.pixels)
    count = min(depth, most)
    return [int((i + 0.5) * depth / count) for i in range(count)]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _picture_arrays(
    pictures: list[FloatImage],
    masks: list[Mask | None],
    config: Config,
    size: int,
    profile: Profile,
) -> Arrays:
    """The histograms, encoder inputs and previews of the instances, stacked."""
    colour, edge = load("colour"), load("edge")
    parts: dict[str, list[Any]] = {"colour": [], "edge": [], "pictures": []}
    previews = []
    for picture, mask in zip(pictures, masks, strict=True):
        inside, region = within_region(picture, mask)
        with profile.stage("histograms"):
            small, small_region = _reduced(inside, region, config.working_px)
            parts["colour"].append(colour.describe(small, small_region))
            parts["edge"].append(edge.describe(small, small_region))
        with profile.stage("fit"):
            parts["pictures"].append(fit(inside, size))
        with profile.stage("preview"):
            previews.append(_preview(picture, config.preview_px))
    arrays = {name: np.stack(values) for name, values in parts.items()}
    if all(picture.ndim == 2 for picture in pictures):
        arrays["pictures"] = arrays["pictures"][..., :1]  # a third of the bytes to send
    arrays["previews"] = np.frombuffer(b"".join(previews), np.uint8)
    arrays["preview_bytes"] = np.array([len(preview) for preview in previews])
    return arrays


def within_region(picture: FloatImage, mask: Mask | None) -> tuple[FloatImage, Mask | None]:
    """The part of a picture inside the mask's box, and the mask there."""
    if mask is None or not mask.any():
        return picture, None
    box = box_of(mask)
    return picture[box], mask[box]


def _reduced(
    picture: FloatImage, mask: Mask | None, longest: int
) -> tuple[FloatImage, Mask | None]:
    small = within(picture, longest)
    if mask is not None and small is not picture:
        size = (small.shape[1], small.shape[0])
        mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return small, mask


def _preview(picture: FloatImage, longest: int) -> bytes:
    levels = np.asarray(cv2.convertScaleAbs(picture, alpha=255.0), np.uint8)
    small = within(levels, longest)
    pixels = small[..., ::-1] if small.ndim == 3 else small
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _PREVIEW_QUALITY])
    return data.tobytes()
