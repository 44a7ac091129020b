"""How well turned and inverted films are found: fitted on an archive, measured on other films."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.changes import WRONG, Change, changed
from benchmarks.figures import Figure
from benchmarks.films import Film, make_archive
from indexer import commit
from indexer.check.material import Material
from indexer.check.orientation import find
from indexer.config import Config
from indexer.describe import WORKER, Described, Describer, Task
from indexer.fit import read_heads
from indexer.pipeline import Options, build
from indexer.workers import WorkerPool
from models.arrays import FloatImage
from models.heads.orientation import FINDINGS, OrientationHeads
from models.heads.shrunk_lda import ShrunkLda
from models.runtime.registry import load

_MIRRORED_FILMS = 64


def _as_it_is(film: np.ndarray) -> np.ndarray:
    return film


def _mirrored(film: np.ndarray) -> np.ndarray:
    return film[:, ::-1]


def embeddings(films: Sequence[Film], change: Change, scratch: Path, workers: int) -> FloatImage:
    """Of each film after `change`, as the pipeline describes it: float32 (n, dim)."""
    tasks = [
        Task(str(place), (str(changed(film.path, change, scratch / f"{place}.jpg")),))
        for place, film in enumerate(films)
    ]
    found = []
    with WorkerPool(workers, WORKER) as pool:
        for _, told in Describer(pool, load(Config().encoder), Config()).describe(tasks):
            if not isinstance(told, Described):
                raise told
            found.append(told.blocks["embedding"][0])
    return np.stack(found)


def measure(
    index: Path, groups: dict[str, Sequence[Film]], scratch: Path, workers: int
) -> Iterator[Figure]:
    """For each group of films: how many are flagged as they are, and how many of each fault."""
    lie = read_heads(commit.opened(index).path / "heads").orientation
    for name, films in groups.items():
        section = f"how films lie, {name} ({len(films)})"
        upright = lie.findings(embeddings(films, _as_it_is, scratch, workers))
        wrongly = [text for text in upright if text]
        yield Figure(section, "flagged as they are", len(wrongly), "films")
        flagged = len(wrongly)
        right = 0
        for kind, change in WRONG.items():
            told = embeddings(films, change, scratch, workers)
            texts = lie.findings(told)
            found = sum(map(bool, texts))
            named = sum(text == FINDINGS[kind] for text in texts)
            flagged, right = flagged + found, right + found
            yield Figure(section, f"{kind}: found (recall)", found / len(films), "share")
            yield Figure(section, f"{kind}: called what it is", named / len(films), "share")
            if kind in ("left", "right"):
                yield Figure(section, f"{kind}: on the right side", _side(lie, told, kind), "share")
        yield Figure(
            section,
            "precision, one in five films wrong",
            _precision(len(wrongly) / len(films), right / len(films) / len(WRONG)),
            "share",
        )


def _side(lie: OrientationHeads, told: FloatImage, kind: str) -> float:
    """How many of the films found to lie on a side would be said to lie on the right one."""
    kinds = lie.heads[0].kinds(told)
    lying = [one for one in kinds if one in ("left", "right")]
    return lying.count(kind) / max(1, len(lying))


def _precision(false_share: float, recall: float, wrong: float = 0.2) -> float:
    return wrong * recall / max(1e-9, wrong * recall + (1 - wrong) * false_share)


def mirrored(archive: Sequence[Film], asked: Sequence[Film], scratch: Path, workers: int) -> Figure:
    """How often a film and its mirror image are told right, by a discriminant of the same kind."""
    train = archive[:: max(1, len(archive) // _MIRRORED_FILMS)][:_MIRRORED_FILMS]
    both = [
        [embeddings(films, change, scratch, workers) for change in (_as_it_is, _mirrored)]
        for films in (train, asked)
    ]
    codes = np.repeat([0, 1], len(train)).astype(np.intp)
    lda = ShrunkLda.fit(np.concatenate(both[0]), codes, 0.5, prior=False)
    right = [lda.scores(vectors).argmax(axis=1) == code for code, vectors in enumerate(both[1])]
    return Figure("mirrored", "told right (not offered)", float(np.mean(right)), "share")


def inside(
    films: Sequence[Film], folder: Path, index: Path, share: float, workers: int
) -> Iterator[Figure]:
    """How many are found of films that lie wrong in the archive that the head is fitted on."""
    make_archive(films, len(films), folder)
    order = np.random.default_rng(1).permutation(len(films)).tolist()
    each = max(1, round(share * len(films) / len(WRONG)))
    wrong = {}
    for kind, change in WRONG.items():
        for place in [order.pop() for _ in range(each)]:
            path = f"0/{films[place].row['path']}"
            changed(folder / path, change, folder / path)
            wrong[path] = kind
    build(folder, index, Options(workers=workers))
    generation = commit.opened(index)
    lie = read_heads(generation.path / "heads").orientation
    material = Material(generation.path, generation.manifest["dims"], lie)
    found = {one.films[0].path: one.sentence for one in find(material, ()).findings}
    section = f"how films lie, {share:.0%} of the archive wrong ({len(wrong)} of {len(films)})"
    for kind in WRONG:
        paths = [path for path in wrong if wrong[path] == kind]
        hits = sum(path in found for path in paths)
        yield Figure(section, f"{kind}: found (recall)", hits / len(paths), "share")
    right = len(found.keys() & wrong.keys())
    yield Figure(section, "precision", right / max(1, len(found)), "share")
    yield Figure(section, "flagged, not put in", len(found) - right, "films")
