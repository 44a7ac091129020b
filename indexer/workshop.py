"""One scan alone, to try a chain of steps or a segmentation on it and to see what it does.

The files are read and changed by a sandboxed worker, as an archive's are; only numbers come back.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from indexer.commit import write_file, writing
from indexer.config import Config, from_json
from indexer.scan import Scan
from indexer.workers import WorkerPool
from models.arrays import ByteImage
from models.errors import UnreadableScan, UsageError

WORKER = "indexer.workshop:run"
_LEVELS = 65535


def preprocess_file(files: tuple[str, ...], out: Path, config: Config, steps: str | None) -> Path:
    """Writes the scan after `steps` (None: the default chain) to `out`; gives the sheet's path.

    The sheet shows before and after with their histograms. Raises `UnreadableScan`, `UsageError`
    or `CannotWrite`.
    """
    from indexer.preprocess import parse_chain
    from indexer.preprocess.sheet import write_result

    _check_apart(files, out)
    if steps is not None:
        parse_chain(steps)  # what is wrong with them is told before the scan is read
    meta, arrays = _ask({"job": "preprocess", "paths": list(files), "steps": steps}, config)
    pixels = arrays["levels"].astype(np.float32) / _LEVELS
    scan = Scan(pixels, "display", meta["colour"], bits=meta["bits"])
    write_result(replace(scan, spacing_mm=meta["spacing_mm"] and tuple(meta["spacing_mm"])), out)
    sheet = out.with_name(f"{out.name.split('.')[0]}-before-after.png")
    _write_png(sheet, arrays["sheet"])
    return sheet


def segment_file(files: tuple[str, ...], out: Path, config: Config, method: str) -> str:
    """Draws the region that `method` finds to `out` (PNG); gives a sentence about it.

    Raises `UnreadableScan`, `UsageError` or `CannotWrite`.
    """
    _check_apart(files, out)
    if not out.name.lower().endswith(".png"):
        raise UsageError(f"{out.name!r}: the drawing is written as .png; rename it")
    meta, arrays = _ask({"job": "segment", "paths": list(files), "method": method}, config)
    _write_png(out, arrays["drawn"])
    return str(meta["told"])


def _check_apart(files: tuple[str, ...], out: Path) -> None:
    if out.exists() and any(out.samefile(file) for file in files if Path(file).exists()):
        raise UsageError(f"{out} is the scan itself; write the result beside it")


def _ask(params: Mapping[str, Any], config: Config) -> tuple[dict[str, Any], dict[str, Any]]:
    told = {**params, "config": json.dumps(config.to_json())}
    with WorkerPool(1, WORKER) as pool:
        for outcome in pool.run([("scan", told)]):
            if outcome.error is not None:
                name = params["paths"][0]
                raise UnreadableScan(outcome.error.code, f"{name}: {outcome.error}")
            if "usage" in outcome.meta:
                raise UsageError(outcome.meta["usage"])
            return outcome.meta, outcome.arrays
    raise UnreadableScan("failed", "no worker answered")


def _write_png(path: Path, picture: ByteImage) -> None:
    import cv2

    _, data = cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)
    part = path.with_name(f"{path.name}.part")
    with writing(path):
        try:
            write_file(part, data.tobytes())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def run(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Worker side: preprocesses or segments one scan, by `params["job"]`."""
    jobs = {"preprocess": _preprocess, "segment": _segment}
    from indexer.read import read

    config = from_json(json.loads(params["config"]))
    try:
        return jobs[params["job"]](read([Path(p) for p in params["paths"]]), config, params)
    except UsageError as error:  # of a step that does not fit this scan; says nothing of a person
        return {"usage": str(error)}, {}


def _preprocess(
    scan: Scan, config: Config, params: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    from indexer.prepare import prepared_scan
    from indexer.preprocess import parse_chain, preprocess
    from indexer.preprocess.sheet import before_after_sheet

    if params["steps"] is None:
        after = prepared_scan(scan, replace(config, segment={"": "none"})).shown
    else:
        after = preprocess(scan, parse_chain(params["steps"]))
    meta = {"colour": after.colour, "bits": scan.bits, "spacing_mm": after.spacing_mm}
    levels = np.rint(after.pixels * _LEVELS).astype(np.uint16)
    return meta, {"levels": levels, "sheet": before_after_sheet(scan, after)}


def _segment(
    scan: Scan, config: Config, params: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    from indexer.prepare import prepared_scan
    from indexer.segment import overlay, segment

    prepared = prepared_scan(scan, config)
    shown, found = prepared.shown, prepared.region
    if params["method"] != "auto":
        found = segment(prepared.measured, shown, params["method"])
    told = found.reason or f"{found.method}: the whole scan"
    if found.mask is not None:
        told = f"{found.method}: {found.mask.mean():.1%} of the scan"
    return {"told": told}, {"drawn": overlay(shown, found.mask)}
