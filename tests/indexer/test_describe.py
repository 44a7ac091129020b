"""From files to numbers, in order, a file that cannot be read costing only itself."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.archive import Entry
from indexer.config import Config
from indexer.describe import WORKER, Described, Describer, Task
from indexer.read import Peek
from indexer.workers import WorkerPool
from models.encoders import DEFAULT
from models.errors import UnreadableScan
from models.runtime.registry import load
from tests.retrieval.films import series


@pytest.fixture(scope="module")
def describer() -> Iterator[Describer]:
    """Batches of three pictures, four slices of a volume."""
    with WorkerPool(2, WORKER) as pool:
        yield Describer(pool, load(DEFAULT, 1), Config(slices=4), batch=3)


@pytest.fixture(scope="module")
def films(examples: Path) -> list[Path]:
    return sorted((examples / "queries").glob("*.jpg"))[:4]


def only(describer: Describer, *files: Path) -> Described:
    ((_, told),) = describer.describe([Task("one", tuple(map(str, files)))])
    assert isinstance(told, Described)
    return told


def test_a_film_is_four_blocks_and_a_preview(describer: Describer, films: list[Path]) -> None:
    told = only(describer, films[0])
    assert list(describer.dims) == ["colour", "edge", "embedding", "text"]
    assert set(told.blocks) == {"colour", "edge", "embedding"}
    for name, block in told.blocks.items():
        assert block.shape == (1, describer.dims[name])
        assert block.dtype == np.float32
        assert np.linalg.norm(block) == pytest.approx(1, abs=1e-5)
    cut = "border: nothing in it at the bottom 17% (mended by crop:0,85,0,0)"
    assert (told.slices, told.quality, told.segmentation) == ((-1,), (cut,), "none")
    preview = cv2.imdecode(np.frombuffer(told.previews[0], np.uint8), cv2.IMREAD_GRAYSCALE)
    film = cv2.imread(str(films[0]), cv2.IMREAD_GRAYSCALE)
    assert preview is not None and film is not None
    assert preview.shape == (round((512 - 85) / 512 * 320), 320)
    assert told.shape == film.shape == (512, 512)


def test_every_task_is_answered_in_order_whatever_the_batches(
    describer: Describer, films: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").write_bytes(films[0].read_bytes()[:4000])
    series(tmp_path / "series", "a")
    volume = tuple(str(path) for path in sorted((tmp_path / "series").iterdir()))
    tasks = [Task(f"film {place}", (str(film),)) for place, film in enumerate(films)]
    tasks.insert(1, Task("bad", (str(tmp_path / "bad.jpg"),)))
    tasks.insert(3, Task("volume", volume))
    tasks.append(Task("gone", (str(tmp_path / "gone.jpg"),)))
    answers = list(describer.describe(tasks))
    assert [key for key, _ in answers] == [task.key for task in tasks]
    told = dict(answers)
    refused = {key: each.code for key, each in told.items() if isinstance(each, UnreadableScan)}
    assert refused == {"bad": "truncated", "gone": "missing"}
    for place, film in enumerate(films):
        one = told[f"film {place}"]
        assert isinstance(one, Described)
        alone = only(describer, film)
        for name in one.blocks:
            np.testing.assert_array_equal(one.blocks[name], alone.blocks[name])
        assert one.previews == alone.previews


def test_a_volume_is_some_of_its_slices(describer: Describer, tmp_path: Path) -> None:
    files = sorted(series(tmp_path / "a", "a", slices=10).iterdir())
    told = only(describer, *reversed(files))
    assert told.slices == (1, 3, 6, 8)
    assert told.blocks["embedding"].shape == (4, 1280)
    assert len(told.previews) == len(set(told.previews)) == 4
    assert (told.header.modality, told.header.patient_id) == ("CT", "P-a")
    assert len(told.sha256) == 10


def test_nothing_to_do_is_nothing(describer: Describer) -> None:
    assert list(describer.describe([])) == []


def test_headers_are_looked_at_without_pixels(
    describer: Describer, examples: Path, tmp_path: Path
) -> None:
    names = ["Montgomery_0006.dcm", "Montgomery_0372.jpg", "none.png"]
    entries = [Entry(name, 1, 1) for name in names]
    told = dict(describer.looker(examples / "queries")(entries))
    film = told["Montgomery_0006.dcm"]
    assert isinstance(film, Peek)
    assert (film.kind, film.header.modality, film.header.patient_id) == (
        "dicom",
        "CR",
        "Montgomery-0006",
    )
    gone = told["none.png"]
    assert isinstance(gone, UnreadableScan)
    assert gone.code == "missing"
