"""Bent smoothly, as chests differ in their form."""

import cv2
import numpy as np

from models.arrays import FloatImage
from models.augmenting import Film, Told
from models.augmenting.warp import displaced

NODES = 5  # of the grid that is moved, along each side, without the edges, which stay
DEVIATION = 0.008  # of the longer side, at each node; at 0.012 chest walls had dents


def elastic(film: Film, partner: Film | None, rng: np.random.Generator) -> tuple[Film, Told]:
    """The film under a smooth random displacement that is nothing at its edges.

    After Simard 2003, "Best practices for convolutional neural networks applied to visual document
    analysis", with few nodes and cubic interpolation in place of a filtered field.
    """
    strength = float(rng.uniform(0.5, 1.5)) * DEVIATION
    across, down = (_field(film.shape, strength, rng) for _ in range(2))
    return displaced(film, across, down), {"deviation": strength, "nodes": NODES}


def _field(shape: tuple[int, int], strength: float, rng: np.random.Generator) -> FloatImage:
    """Displacements in pixels, float32 (H, W)."""
    nodes = np.zeros((NODES + 2, NODES + 2), np.float32)
    drawn = rng.normal(0, 1, (NODES, NODES)).clip(-2, 2)
    nodes[1:-1, 1:-1] = drawn * strength * max(shape)
    rows, columns = shape
    # From node to node, so that the outermost ones lie on the film's edges.
    x = np.linspace(0, NODES + 1, columns, dtype=np.float32)
    y = np.linspace(0, NODES + 1, rows, dtype=np.float32)
    grid_x, grid_y = np.broadcast_to(x, shape), np.broadcast_to(y[:, None], shape)
    found = cv2.remap(
        nodes,
        np.ascontiguousarray(grid_x),
        np.ascontiguousarray(grid_y),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(found, np.float32)
