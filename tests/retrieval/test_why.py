"""Why a hit was found, on real films: exact splits, honest notes, and places that count."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.arrays import ByteImage, FloatImage
from models.encoders import DEFAULT, Encoder
from models.runtime.registry import load
from retrieval.search import Engine, Query
from retrieval.why import NO_PREVIEW, NOTHING, OTHER, Why
from retrieval.why_places import OCCLUSION, SPLIT, look, places_of
from tests.retrieval.films import series

BLOCKS = ("colour", "edge", "embedding", "text")
EMBEDDING = dict.fromkeys(BLOCKS, 0.0) | {"embedding": 1.0}


@pytest.fixture(scope="module")
def engine(index: Path) -> Iterator[Engine]:
    with Engine(index) as opened:
        yield opened


@pytest.fixture(scope="module")
def film(examples: Path) -> Path:
    return examples / "queries" / "Montgomery_0372.jpg"


def why_first(engine: Engine, asked: Query) -> Why:
    """Of the first hit; the nearest case against the suggestion is looked at too."""
    answer = engine.query(asked)
    return engine.why(asked, answer)[answer.hits[0].case_id]


def test_words_and_places_sum_to_what_the_descriptors_gave(engine: Engine, film: Path) -> None:
    asked = Query(film, text="effusion", k=12)
    answer = engine.query(asked)
    why = engine.why(asked, answer)
    assert set(why) == {hit.case_id for hit in answer.hits}
    for hit in answer.hits:
        found = why[hit.case_id]
        words = sum(word.gave for word in found.words.matched) + found.words.others
        assert words == pytest.approx(hit.contributions["text"], abs=1e-5)
        assert found.query is not None and found.query.way == SPLIT
        given = hit.contributions["embedding"]
        assert found.query.given.sum() == pytest.approx(given, abs=1e-5)
        assert found.query.check.whole == pytest.approx(given, abs=1e-5)
        assert found.preview_alike is not None and 0.95 < found.preview_alike < 1.0001
        assert found.hit is not None
        assert found.hit.given.sum() == pytest.approx(given, rel=0.05)
        assert found.hit.given.dtype == found.query.given.dtype == np.float32
        assert found.hit.given.shape == (7, 7)
        assert found.notes == ()
    named = next(hit for hit in answer.hits if hit.path == "pneumonia/NIH_00001248_003.jpg")
    assert [word.term for word in why[named.case_id].words.matched] == ["effusion"]


def test_maps_of_a_query_hardly_depend_on_the_hit(engine: Engine, film: Path) -> None:
    """What docs/why.md warns of: they show where the network looks at all. What sets a hit apart
    is another thing for another hit.
    """
    asked = Query(film, k=12)
    maps = [one.query for one in engine.why(asked, engine.query(asked)).values()]
    given = np.stack([one.given.ravel() for one in maps if one is not None])
    assert len(given) == 12
    assert 0.9 < np.corrcoef(given).min() < 1
    apart = np.stack([one.apart.ravel() for one in maps if one is not None])
    assert np.corrcoef(apart).mean() < 0.8 < np.corrcoef(given).mean()


def test_it_is_the_same_again(engine: Engine, film: Path) -> None:
    asked = Query(film, k=2, weights=EMBEDDING)
    answer = engine.query(asked)
    first, second = engine.why(asked, answer), engine.why(asked, answer)
    for case, found in first.items():
        again = second[case]
        assert found.query is not None and again.query is not None
        np.testing.assert_array_equal(found.query.given, again.query.given)
        assert found.query.check == again.query.check


@pytest.mark.slow
def test_marked_places_count_more_than_random_ones(engine: Engine, examples: Path) -> None:
    """Over the first hit of eight films; of single pairs it need not hold."""
    checks = []
    for path in sorted((examples / "queries").glob("*.jpg")):
        asked = Query(path, k=1, weights=EMBEDDING)
        found = why_first(engine, asked)
        assert found.query is not None and found.hit is not None
        checks += [found.query.check, found.hit.check]
    assert len(checks) == 16
    fall = [(one.whole - one.without_marked, one.whole - one.without_random) for one in checks]
    marked, random = np.mean(fall, axis=0)
    assert marked > 1.2 * random
    assert np.mean([one.holds for one in checks]) > 0.6


def test_words_alone_have_no_places(engine: Engine) -> None:
    asked = Query(text="effusion", k=2)
    answer = engine.query(asked)
    found = engine.why(asked, answer)[answer.hits[0].case_id]
    assert [word.term for word in found.words.matched] == ["effusion"]
    assert found == Why(found.words)


def test_a_filter_that_leaves_no_hit(engine: Engine, film: Path) -> None:
    asked = Query(film, where="label = 'none such'")
    assert engine.why(asked, engine.query(asked)) == {}


def test_without_a_weight_there_is_no_map(engine: Engine, film: Path) -> None:
    asked = Query(film, k=1, weights={"embedding": 0.0})
    found = why_first(engine, asked)
    assert (found.query, found.hit) == (None, None)
    assert found.notes == (NOTHING,)


def test_a_blank_picture_is_no_fault(engine: Engine, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((256, 256), 90, np.uint8))
    asked = Query(blank, k=1)
    found = why_first(engine, asked)
    assert found.query is None or np.isfinite(found.query.given).all()


def test_a_preview_that_cannot_be_decoded(
    own_index: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine(own_index) as opened:
        asked = Query(film, k=2)
        answer = opened.query(asked)
        broken, whole = (hit.instance for hit in answer.hits)
        kept = opened.index.store.preview([whole])
        store = type(opened.index.store)
        monkeypatch.setattr(store, "preview", lambda *_: kept | {broken: b"no film"})
        why = opened.why(asked, answer)
    first, second = (why[hit.case_id] for hit in answer.hits)
    assert (first.hit, first.preview_alike, first.notes) == (None, None, (NO_PREVIEW,))
    assert first.query is not None and second.hit is not None


def test_a_preview_of_another_picture_is_said(
    engine: Engine, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Query(film, k=1)
    answer = engine.query(asked)
    other = engine.index.store.preview([(answer.hits[0].instance + 5) % 12])
    (swapped,) = other.values()
    monkeypatch.setattr(
        type(engine.index.store), "preview", lambda _, rows: dict.fromkeys(rows, swapped)
    )
    found = engine.why(asked, answer)[answer.hits[0].case_id]
    assert found.notes == (OTHER,)
    assert found.preview_alike is not None and found.preview_alike < 0.95


def test_of_volumes_the_pair_of_slices_that_matched(volume_index: Path, tmp_path: Path) -> None:
    scan = series(tmp_path / "new", "new", seed=7)
    with Engine(volume_index) as opened:
        asked = Query(scan, k=3)
        answer = opened.query(asked)
        why = opened.why(asked, answer)
    for hit in answer.hits:
        found = why[hit.case_id]
        assert hit.slice_index is not None and found.query_slice is not None
        assert 0 <= found.query_slice < 6
        assert found.query is not None


class NoMap:
    """The shipped encoder as one that pools nothing."""

    def __init__(self) -> None:
        self._encoder: Encoder = load(DEFAULT, 1)
        self.spec = self._encoder.spec
        self.map_shape = None

    def encode(self, batch: ByteImage, files: Sequence[str] = ()) -> FloatImage:
        return self._encoder.encode(batch, files)

    def encode_maps(
        self, batch: ByteImage, files: Sequence[str] = ()
    ) -> tuple[FloatImage, FloatImage | None]:
        return self.encode(batch, files), None

    encode_detail = encode_maps


def test_an_encoder_without_a_map_is_asked_place_by_place() -> None:
    encoder = NoMap()
    picture = np.full((224, 224, 3), 128, np.uint8)
    picture[64:96, 128:160] = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    (looked,) = look(encoder, [picture])
    nobody = np.zeros(1280, np.float32)
    places = places_of(encoder, looked, looked.embedding, nobody, 1.0)
    assert places is not None and places.way == OCCLUSION
    assert int(places.given.argmax()) == 2 * 7 + 4
    assert places.check.holds
    np.testing.assert_array_equal(places.apart, places.given)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_no_embedding_no_map(value: float) -> None:
    encoder = load(DEFAULT, 1)
    (looked,) = look(encoder, [np.full((224, 224, 3), 128, np.uint8)])
    other = np.full(1280, value, np.float32)
    assert places_of(encoder, looked, other, other, 1.0) is None
    nothing = replace(looked, embedding=other)
    assert places_of(encoder, nothing, looked.embedding, other, 1.0) is None
