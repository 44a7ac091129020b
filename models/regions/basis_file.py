"""The basis of an index's cells on disk: numbers as safetensors, read strictly."""

from pathlib import Path

import numpy as np

from models.errors import IndexDamaged
from models.files import write_whole
from models.regions.cells import CellBasis

FILE = "regions.safetensors"


def save(basis: CellBasis, folder: Path) -> None:
    """Writes it into `folder`. Raises `CannotWrite`."""
    from safetensors.numpy import save as to_bytes

    grid = np.array(basis.grid, np.int64)
    write_whole(folder / FILE, to_bytes({"grid": grid, "mean": basis.mean, "axes": basis.axes}))


def load(folder: Path) -> CellBasis | None:
    """What `save` wrote; None where there is no such file. Raises `IndexDamaged`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    path = folder / FILE
    try:
        if not path.exists():
            return None
        told = from_bytes(path.read_bytes())
        grid, mean, axes = told["grid"], told["mean"], told["axes"]
    except (OSError, KeyError, SafetensorError) as error:
        raise IndexDamaged(f"{path} cannot be read") from error
    good = grid.shape == (2,) and grid.dtype == np.int64 and bool((grid > 0).all())
    good = good and mean.dtype == axes.dtype == np.float32 and axes.ndim == 2
    if not good or mean.shape != axes.shape[:1] or not np.isfinite(axes).all():
        raise IndexDamaged(f"{path} is not what was written")
    return CellBasis((int(grid[0]), int(grid[1])), mean, axes)
