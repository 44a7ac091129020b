"""Worker side: what is done again with the small pictures of an index."""

import base64
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage
from models.encoders.fit import fit
from models.errors import UnreadableScan
from models.heads.orientation import KINDS
from models.registration import likeness

Meta = dict[str, Any]
Arrays = dict[str, np.ndarray]


def turned(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """Worker side: pictures for the encoder, of each preview one as each of `KINDS`.

    `params`: `previews` (n texts, see `indexer.previews`) and `size` (pixels that the encoder
    takes). Gives `pictures`, uint8 (n * kinds, size, size, 3). Raises `UnreadableScan`.
    """
    size = int(params["size"])
    pictures = [
        fit(np.ascontiguousarray(one), size)
        for text in params["previews"]
        for one in _as_each_kind(_decoded(text, cv2.IMREAD_COLOR_RGB))
    ]
    return {}, {"pictures": np.stack(pictures)}


def fitted(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """Worker side: previews as the encoder takes them.

    `params`: as of `turned`. Gives `pictures`, uint8 (n, size, size, 3). Raises `UnreadableScan`.
    """
    size = int(params["size"])
    decoded = [_decoded(text, cv2.IMREAD_COLOR_RGB) for text in params["previews"]]
    floats = [np.asarray(one, np.float32) / np.float32(255) for one in decoded]
    return {}, {"pictures": np.stack([fit(one, size) for one in floats])}


def alike(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """Worker side: how alike the two previews of each pair are, see `models.registration`.

    `params`: `previews` (n texts) and `pairs` (m pairs of places among them). Gives `likeness`,
    float32 (m,). Raises `UnreadableScan`.
    """
    greys = [_decoded(text, cv2.IMREAD_GRAYSCALE) for text in params["previews"]]
    found = [likeness(greys[one], greys[other]) for one, other in params["pairs"]]
    return {}, {"likeness": np.array(found, np.float32)}


def _decoded(text: str, how: int) -> ByteImage:
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), how)
    if picture is None:
        raise UnreadableScan("damaged_pixels", "a preview of the index cannot be decoded")
    return np.asarray(picture, np.uint8)


def _as_each_kind(picture: ByteImage) -> list[FloatImage]:
    """The picture, float32 in 0..1, as each of `KINDS`, in their order."""
    upright = picture.astype(np.float32) / 255
    turns = {"upright": 0, "left": 1, "over": 2, "right": 3}
    made = {name: np.rot90(upright, times) for name, times in turns.items()}
    made["inverted"] = 1 - upright
    return [np.asarray(made[name], np.float32) for name in KINDS]
