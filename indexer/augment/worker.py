"""Worker side of enlarging an archive: films are decoded, made and encoded here, and only here."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer import prepare, read
from indexer.config import Config, from_json
from indexer.scan import Scan
from indexer.segment import method_for, methods_with, segment
from indexer.voi import shown
from models.arrays import Mask
from models.augmenting import PAIRED, Film, Told, load
from models.errors import UnreadableScan, UsageError

SMALLEST_PX = 32

Meta = dict[str, Any]
Arrays = dict[str, np.ndarray]


def run(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """What a worker can be asked for here, by `params["job"]`."""
    return {"peek": prepare.peek, "look": look, "make": make}[params["job"]](params)


def look(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """Whether films can be made of a scan. `params`: `film` (its files) and `config`.

    The meta's `declined` says why not, `mask` and `lesion` whether those files fit ("fits", "odd"
    or ""), `segmented` whether the configuration finds a region. Raises `UnreadableScan`.
    """
    files = params["film"]
    paths = [Path(path) for path in files["paths"]]
    scan = read.read(paths)
    methods = methods_with(from_json(json.loads(params["config"])).segment)
    told = {
        "header": asdict(scan.header),
        "sha256": [prepare.sha256_of(path) for path in paths],
        "declined": _declined(scan),
        "colour": scan.colour,
        "segmented": method_for(scan.header, methods) != "none",
    }
    for name in ("mask", "lesion"):
        fits = _given(files[name], scan) is not None
        told[name] = "" if not files[name] else "fits" if fits else "odd"
    return told, {}


def make(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """A made film and its masks as PNG files, uint8 (bytes,).

    `params`: `way`, `seed`, `film` and `partners` (files), `config`. The meta says in `partner`
    which of the partners was taken (-1 for none) and in `told` what was drawn. Raises
    `UnreadableScan`; its code is ``unsuited`` where the way cannot be gone with these films.
    """
    config = from_json(json.loads(params["config"]))
    paired = params["way"] in PAIRED
    film, bits, given = _film(params["film"], config, paired)
    made, told, partner = _made(params, film, config)
    arrays = {"film": _png(made.pixels, bits)}
    if given and made.region is not None:
        arrays["mask"] = _png(made.region, 8)
    if _lesions_known(film, told) and made.lesion is not None:
        arrays["lesion"] = _png(made.lesion, 8)
    return {"told": dict(told), "partner": partner}, arrays


def _made(params: Mapping[str, Any], film: Film, config: Config) -> tuple[Film, Told, int]:
    way, refused = load(params["way"]), "there is no other film"
    if not params["partners"]:
        return *way(film, None, np.random.default_rng(params["seed"])), -1
    for number, files in enumerate(params["partners"]):
        try:
            partner, _, _ = _film(files, config, True)
            return *way(film, partner, np.random.default_rng([params["seed"], number])), number
        except UsageError as error:
            refused = str(error)
    raise UnreadableScan("unsuited", f"{params['way']}: {refused}")


def _lesions_known(film: Film, told: Told) -> bool:
    """Whether all lesions of a made film are the archive's: a guessed one is no mask's truth."""
    return film.lesion is not None and told.get("lesion", "mask") == "mask"


def _film(files: Mapping[str, Any], config: Config, paired: bool) -> tuple[Film, int, bool]:
    """The film, the bits that it was stored with, and whether its region is the archive's mask.

    Where the archive has none, the configuration's segmentation finds one, for ways that need it.
    """
    scan = read.read([Path(path) for path in files["paths"]])
    pixels = shown(scan)
    region, lesion = _given(files["mask"], scan), _given(files["lesion"], scan)
    given = region is not None
    if region is None and paired:
        method = method_for(scan.header, methods_with(config.segment))
        display = replace(scan, pixels=pixels, unit="display", voi=None, inverted=False)
        region = segment(scan, display, method).mask
    return Film(pixels, region, lesion), scan.bits, given


def _declined(scan: Scan) -> str:
    if scan.volume:
        return "they are volumes or have several frames"
    if scan.unit == "HU":
        return "they hold values in HU, which a picture of grey levels would lose"
    if min(scan.pixels.shape[:2]) < SMALLEST_PX:
        return f"they are smaller than {SMALLEST_PX} px"
    return ""


def _given(path: str, scan: Scan) -> Mask | None:
    """The mask of a file that has the scan's shape and is not empty."""
    mask = prepare.mask_of(Path(path), ()) if path else None
    shape = scan.pixels.shape[:-1] if scan.colour else scan.pixels.shape
    return mask if mask is not None and mask.shape == shape and mask.any() else None


def _png(pixels: np.ndarray, bits: int) -> np.ndarray:
    """A PNG of 8 bits, or of 16 where the source had more than 8."""
    most, kind = (255, np.uint8) if bits <= 8 else (65535, np.uint16)
    levels: NDArray[Any] = np.rint(pixels.astype(np.float32) * most).astype(kind)
    if levels.ndim == 3:
        levels = levels[..., ::-1]
    _, data = cv2.imencode(".png", levels)
    return np.asarray(data, np.uint8).reshape(-1)
