"""Augmentation: within its strengths, a mask goes with its film, and chests are not mirrored."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from models.training.augment import Augmentation

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]

SIZE = 64


def cross() -> np.ndarray:
    """A mark that is not the same mirrored or upside down: uint8 (64, 64)."""
    film = np.full((SIZE, SIZE), 60, np.uint8)
    film[20:44, 24:30] = 220
    film[20:26, 24:48] = 220
    return film


def changed(told: "Augmentation", seed: int = 0) -> "tuple[Tensor, Tensor]":
    """Film and mask after one draw: float32 (1, 64, 64), 0..1, and uint8 (64, 64)."""
    import torch
    from torchvision import tv_tensors

    from models.training.augment import transform

    torch.manual_seed(seed)
    film = tv_tensors.Image(torch.from_numpy(cross())[None])
    mask = tv_tensors.Mask(torch.from_numpy((cross() > 200).astype(np.uint8) * 255))
    new, covered = transform(told, SIZE)(film, mask)
    return new, covered


def test_nothing_asked_nothing_changed() -> None:
    from models.training.augment import Augmentation

    film, mask = changed(Augmentation.none())
    np.testing.assert_allclose(film[0].numpy() * 255, cross(), atol=1e-4)
    np.testing.assert_array_equal(mask.numpy(), (cross() > 200) * 255)


@pytest.mark.parametrize(
    "name", ["rotation", "scale", "shift", "crop", "flip_horizontal", "flip_vertical", "elastic"]
)
def test_a_mask_goes_with_its_film(name: str) -> None:
    """Where the mark is bright after the change, and there only, is the mask."""
    from models.training.augment import Augmentation

    strength = {"rotation": 30.0, "elastic": 6.0}.get(name, 0.3 if name != "flip_vertical" else 1)
    told = Augmentation.from_json({**Augmentation.none().to_json(), name: strength})
    moved = 0
    for seed in range(8):
        film, mask = changed(told, seed)
        bright, inside = film[0].numpy() > 0.55, mask.numpy() > 127
        overlap = 2 * (bright & inside).sum() / (bright.sum() + inside.sum())
        assert overlap > 0.85, (name, seed)
        moved += not np.array_equal(inside, cross() > 200)
    assert moved >= 1


@pytest.mark.parametrize("name", ["brightness", "contrast", "gamma", "noise", "erase"])
def test_grey_levels_change_and_the_mask_does_not(name: str) -> None:
    from models.training.augment import Augmentation

    told = Augmentation.from_json({**Augmentation.none().to_json(), name: 0.5})
    films = []
    for seed in range(8):
        film, mask = changed(told, seed)
        np.testing.assert_array_equal(mask.numpy(), (cross() > 200) * 255)
        films.append(film.numpy())
    assert any(not np.allclose(films[0], other, atol=1e-3) for other in films[1:])


def test_the_same_seed_gives_the_same_film() -> None:
    from models.training.augment import Augmentation

    told = Augmentation(elastic=10, erase=0.5, crop=0.2)
    np.testing.assert_array_equal(changed(told, 5)[0].numpy(), changed(told, 5)[0].numpy())
    assert not np.array_equal(changed(told, 5)[0].numpy(), changed(told, 6)[0].numpy())


def test_a_chest_is_not_mirrored_unless_asked_for() -> None:
    from models.training.augment import Augmentation

    assert (Augmentation().flip_horizontal, Augmentation().flip_vertical) == (0.0, 0.0)
    told = Augmentation.from_json({**Augmentation.none().to_json(), "flip_horizontal": 1.0})
    np.testing.assert_allclose(changed(told)[0][0].numpy() * 255, cross()[:, ::-1], atol=1e-4)


def test_strengths_that_do_not_fit() -> None:
    from models.training.augment import Augmentation

    with pytest.raises(UsageError, match=r"shift is 0\.7; it is a number from 0 to 0\.5"):
        Augmentation(shift=0.7)
    with pytest.raises(UsageError, match="augmentation noise is 'much'; it is a number"):
        Augmentation.from_json({"noise": "much"})
