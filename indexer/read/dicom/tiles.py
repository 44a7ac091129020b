"""Whole slide images: tiles laid out into the one picture that they are (PS3.3 C.8.12.4)."""

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from indexer.read.dicom.codecs import stored_frames
from indexer.read.dicom.file import Opened
from indexer.read.dicom.groups import Groups
from indexer.read.dicom.shape import Shape
from indexer.read.dicom.values import integer, text
from indexer.read.reasons import unreadable

_WHITE = 255  # glass


@dataclass(frozen=True, slots=True)
class Matrix:
    """Total Pixel Matrix: rows and columns of the whole picture."""

    rows: int
    columns: int


def matrix_of(dataset: Dataset) -> Matrix | None:
    """The whole picture's size if this object is tiled, else None.

    Raises `UnreadableScan` (``slide_label``) for the photograph of the slide's label.
    """
    if "LABEL" in text(dataset, "ImageType").upper().split("\\"):
        raise unreadable("slide_label")
    rows = integer(dataset, "TotalPixelMatrixRows")
    columns = integer(dataset, "TotalPixelMatrixColumns")
    return Matrix(rows, columns) if rows and columns and rows > 0 and columns > 0 else None


def stitched(opened: Opened, shape: Shape, matrix: Matrix) -> np.ndarray:
    """The whole picture, (rows, columns) or (rows, columns, 3), in the stored type.

    What no tile covers is white in colour (glass) and 0 in grey. Where grey tiles overlap
    (channels, focal planes, segments) the highest value is kept, of colour tiles the first.
    """
    groups = Groups(opened.dataset)
    canvas, covered = None, set()
    for index, tile in enumerate(stored_frames(opened, shape)):
        if canvas is None:
            empty = (matrix.rows, matrix.columns, *tile.shape[2:])
            canvas = np.full(empty, _WHITE if tile.ndim == 3 else 0, dtype=tile.dtype)
        corner = _corner(groups, index, shape, matrix)
        if corner is None or (tile.ndim == 3 and corner in covered):
            continue
        covered.add(corner)
        row, column = corner
        place = canvas[row : row + shape.rows, column : column + shape.columns]
        part = tile[: place.shape[0], : place.shape[1]]
        np.copyto(place, part if tile.ndim == 3 else np.maximum(place, part))
    assert canvas is not None
    return canvas


def _corner(groups: Groups, index: int, shape: Shape, matrix: Matrix) -> tuple[int, int] | None:
    """First row and column of a tile, from 0; None if it lies outside."""
    position = groups.find(index, "PlanePositionSlideSequence")
    if position is not None:
        row = (integer(position, "RowPositionInTotalImagePixelMatrix") or 1) - 1
        column = (integer(position, "ColumnPositionInTotalImagePixelMatrix") or 1) - 1
    else:  # TILED_FULL: row by row, then the next focal plane or channel (C.7.6.17.3)
        across = -(-matrix.columns // shape.columns)
        down = -(-matrix.rows // shape.rows)
        row, column = divmod(index % (across * down), across)
        row, column = row * shape.rows, column * shape.columns
    inside = 0 <= row < matrix.rows and 0 <= column < matrix.columns
    return (row, column) if inside else None
