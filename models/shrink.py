"""Pictures made smaller, quickly: averaged by whole numbers of pixels, then interpolated."""

from typing import TypeVar

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage

Picture = TypeVar("Picture", FloatImage, ByteImage)


def shrink(picture: Picture, width: int, height: int) -> Picture:
    """The picture at `width` x `height` pixels; (H, W) or (H, W, 3) of float32 or uint8.

    OpenCV averages areas ten times faster where they are whole pixels. So the picture is first
    averaged by the whole factor that still leaves it larger (pixels that are left over are cut off
    at both ends), and the rest, a factor below two, is interpolated. The largest difference from
    averaging the exact areas is that of bilinear interpolation: a few grey levels at sharp edges.
    """
    rows, columns = picture.shape[:2]
    down, across = max(1, rows // height), max(1, columns // width)
    if down > 1 or across > 1:
        top, left = rows % down // 2, columns % across // 2
        whole = picture[top : top + rows // down * down, left : left + columns // across * across]
        size = (columns // across, rows // down)
        picture = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), picture.dtype)
    if picture.shape[:2] == (height, width):
        return picture
    smaller = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(smaller, picture.dtype)


def within(picture: Picture, longest: int) -> Picture:
    """The picture with its longer side at most `longest` pixels, its proportions kept."""
    rows, columns = picture.shape[:2]
    scale = longest / max(rows, columns)
    if scale >= 1:
        return picture
    return shrink(picture, max(1, round(columns * scale)), max(1, round(rows * scale)))
