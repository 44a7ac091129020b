"""Members in one space: what they say of the same film becomes the same, and nothing is bent."""

import numpy as np

from models.training.align import MOST, align


def turned(count: int, dim: int, members: int, noise: float) -> np.ndarray:
    """The same points, turned and moved otherwise for each member: float32 (n, members, dim)."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(count, dim)) * np.linspace(3, 0.5, dim)
    found = []
    for _ in range(members):
        turn = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
        found.append(points @ turn + rng.normal(size=dim) + noise * rng.normal(size=points.shape))
    return np.stack(found, 1).astype(np.float32)


def brought(told: np.ndarray) -> np.ndarray:
    found = align(told)
    return np.asarray(np.einsum("nmd,mdc->nmc", told, found.weight) + found.bias)


def test_what_is_only_turned_becomes_the_same() -> None:
    placed = brought(turned(200, 16, 3, noise=0.0))
    np.testing.assert_allclose(placed[:, 1], placed[:, 0], atol=1e-3)
    np.testing.assert_allclose(placed[:, 2], placed[:, 0], atol=1e-3)
    np.testing.assert_allclose(placed.mean(axis=0), 0, atol=1e-4)


def test_noise_stays_noise() -> None:
    told = turned(200, 16, 3, noise=0.3)
    before = np.linalg.norm(told[:, 0] - told[:, 1], axis=1).mean()
    after = np.linalg.norm(brought(told)[:, 0] - brought(told)[:, 1], axis=1).mean()
    assert after < 0.3 * before
    assert after > 0.3  # it is not made the same by shrinking


def test_a_member_s_own_distances_stay_as_they_are() -> None:
    told = turned(50, 8, 2, noise=0.5)
    placed = brought(told)
    for member in range(2):
        own = np.linalg.norm(told[1:, member] - told[:-1, member], axis=1)
        np.testing.assert_allclose(
            np.linalg.norm(placed[1:, member] - placed[:-1, member], axis=1), own, rtol=1e-3
        )


def test_there_are_no_more_numbers_than_films_or_than_are_of_use() -> None:
    assert align(turned(20, 64, 2, 0.1)).weight.shape == (2, 64, 20)
    assert align(turned(400, 300, 2, 0.1)).bias.shape == (2, MOST)
