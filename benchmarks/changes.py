"""What is done to films so that a check has something to find."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from models.arrays import ByteImage

Change = Callable[[ByteImage], ByteImage]

_FONT = cv2.FONT_HERSHEY_SIMPLEX


def _saved_again(film: ByteImage, quality: int) -> ByteImage:
    data = cv2.imencode(".jpg", film, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def _smaller(film: ByteImage, by: int) -> ByteImage:
    size = (film.shape[1] // by, film.shape[0] // by)
    return np.asarray(cv2.resize(film, size, interpolation=cv2.INTER_AREA), np.uint8)


def _cut(film: ByteImage, share: float) -> ByteImage:
    """Twice `share` of each side less, more of it at one end than at the other."""
    rows, columns = (round(side * share) for side in film.shape)
    return film[rows : film.shape[0] - rows // 2, columns // 2 : film.shape[1] - columns]


def _levels(film: ByteImage, gain: float, offset: float, gamma: float) -> ByteImage:
    bent = 255 * (film / 255.0) ** gamma
    return np.clip(np.rint(gain * bent + offset), 0, 255).astype(np.uint8)


def _marked(film: ByteImage) -> ByteImage:
    """Words above, and a white box below."""
    marked = film.copy()
    rows, columns = film.shape
    place, size = (columns // 12, rows // 10), columns / 570
    cv2.putText(marked, "L  PORTABLE 12:31", place, _FONT, size, 255, 2)
    corner = (columns - columns // 8, rows - rows // 10)
    cv2.rectangle(marked, corner, (columns - columns // 25, rows - rows // 25), 255, -1)
    return np.asarray(marked, np.uint8)


def _tilted(film: ByteImage, degrees: float) -> ByteImage:
    rows, columns = film.shape
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(film, turn, (columns, rows)), np.uint8)


NEARLY_THE_SAME: dict[str, Change] = {
    "saved again, JPEG quality 30": lambda film: _saved_again(film, 30),
    "half as large": lambda film: _smaller(film, 2),
    "a quarter as large": lambda film: _smaller(film, 4),
    "cut by 4.5 %": lambda film: _cut(film, 0.03),
    "cut by 9 %": lambda film: _cut(film, 0.06),
    "brighter, less contrast": lambda film: _levels(film, 0.8, 30, 1.0),
    "darker (gamma 1.6)": lambda film: _levels(film, 1.0, 0, 1.6),
    "marks burned in": _marked,
    "tilted by 1 degree": lambda film: _tilted(film, 1),
    "tilted by 2 degrees": lambda film: _tilted(film, -2),
}

WRONG: dict[str, Change] = {
    "left": lambda film: np.rot90(film, 1),
    "over": lambda film: np.rot90(film, 2),
    "right": lambda film: np.rot90(film, 3),
    "inverted": lambda film: 255 - film,
}
"""By the names of `models.heads.orientation.KINDS`."""


def changed(film: Path, change: Change, target: Path) -> Path:
    """Writes a film after a change: a JPEG of quality 92, or what `target` ends in."""
    picture = cv2.imread(str(film), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise ValueError(f"{film} cannot be read")
    target.parent.mkdir(parents=True, exist_ok=True)
    made = np.ascontiguousarray(change(np.asarray(picture, np.uint8)))
    quality = [cv2.IMWRITE_JPEG_QUALITY, 92] if target.suffix == ".jpg" else []
    cv2.imwrite(str(target), made, quality)
    return target
