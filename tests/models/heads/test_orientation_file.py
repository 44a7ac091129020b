"""Orientation heads are read back as they were written, and nothing else is taken for them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import IndexDamaged
from models.heads.orientation import KINDS, OrientationHead, OrientationHeads
from models.heads.orientation_file import NUMBERS, WORDS, from_folder, to_files
from models.heads.shrunk_lda import ShrunkLda

HEAD = OrientationHead(
    "CR CHEST",
    ShrunkLda(np.arange(40, dtype=np.float32).reshape(5, 8), np.ones(5, np.float32)),
    np.eye(5, 8, dtype=np.float32),
    0.6,
    {"over": 3.5, "inverted": 1.0},
    {"over": 1.0, "inverted": 0.95},
)
HEADS = OrientationHeads(
    (HEAD,), (("MR HEAD", "3 patients; 40 are needed"),), np.eye(1, 8, dtype=np.float32), 90
)


def written(folder: Path, heads: OrientationHeads = HEADS) -> Path:
    for name, data in to_files(heads).items():
        (folder / name).write_bytes(data)
    return folder


def test_they_are_read_back_as_they_were(tmp_path: Path) -> None:
    again = from_folder(written(tmp_path))
    assert (again.declined, again.scans) == (HEADS.declined, 90)
    (head,) = again.heads
    assert (head.group, head.floor, head.limits, head.found) == (
        *("CR CHEST", 0.6),
        HEAD.limits,
        HEAD.found,
    )
    np.testing.assert_array_equal(head.lda.weights, HEAD.lda.weights)
    np.testing.assert_array_equal(head.lda.bias, HEAD.lda.bias)
    np.testing.assert_array_equal(head.centres, HEAD.centres)
    np.testing.assert_array_equal(again.rivals, HEADS.rivals)


def test_nothing_fitted_is_something_too(tmp_path: Path) -> None:
    again = from_folder(written(tmp_path, OrientationHeads()))
    assert (again.heads, again.declined, again.scans, len(again.rivals)) == ((), (), 0, 0)


def words(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def changed(folder: Path) -> None:
        told = json.loads((folder / WORDS).read_text())
        change(told)
        (folder / WORDS).write_text(json.dumps(told))

    return changed


BROKEN: dict[str, Callable[[Path], object]] = {
    "no JSON": lambda folder: (folder / WORDS).write_bytes(b"{"),
    "no object": lambda folder: (folder / WORDS).write_text("[]"),
    "no safetensors": lambda folder: (folder / NUMBERS).write_bytes(b"pickle"),
    "a head too many": words(lambda told: told["heads"].append(told["heads"][0])),
    "a head too few": words(lambda told: told["heads"].clear()),
    "an unknown kind": words(lambda told: told["heads"][0]["limits"].update(mirrored=1.0)),
    "no limit": words(lambda told: told["heads"][0].update(limits={}, found={})),
    "a limit that is none": words(
        lambda told: told["heads"][0]["limits"].update(over=float("inf"))
    ),
    "a limit that is a text": words(lambda told: told["heads"][0]["limits"].update(over="3")),
    "a floor that is none": words(lambda told: told["heads"][0].update(floor=None)),
    "a group that is none": words(lambda told: told["heads"][0].update(group=3)),
    "a count that is none": words(lambda told: told.update(scans=-1)),
    "no count": words(lambda told: told.pop("scans")),
}


@pytest.mark.parametrize("what", BROKEN)
def test_anything_else_is_damage(tmp_path: Path, what: str) -> None:
    BROKEN[what](written(tmp_path))
    with pytest.raises(IndexDamaged, match=r"orientation\.json is not what was written"):
        from_folder(tmp_path)


@pytest.mark.parametrize(
    "numbers",
    [
        (np.ones((4, 8), np.float32), np.ones(5, np.float32), np.ones((5, 8), np.float32)),
        (np.ones((5, 8), np.float32), np.ones(5, np.float32), np.ones((5, 7), np.float32)),
        (np.full((5, 8), np.nan, np.float32), np.ones(5, np.float32), np.ones((5, 8), np.float32)),
        (np.ones((5, 8)), np.ones(5, np.float32), np.ones((5, 8), np.float32)),
    ],
)
def test_numbers_of_another_shape_or_kind_are_damage(
    tmp_path: Path, numbers: tuple[np.ndarray, ...]
) -> None:
    from safetensors.numpy import save

    written(tmp_path)
    names = ("0.weights", "0.bias", "0.centres")
    (tmp_path / NUMBERS).write_bytes(save(dict(zip(names, numbers, strict=True))))
    with pytest.raises(IndexDamaged):
        from_folder(tmp_path)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        from_folder(tmp_path)


def test_every_kind_has_a_row() -> None:
    assert len(KINDS) == 5 == len(HEAD.lda.weights)
