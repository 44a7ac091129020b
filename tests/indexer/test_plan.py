"""What there is to do: only what is new, changed, or belongs to a series that changed."""

from collections.abc import Iterable, Iterator, Mapping

from indexer.archive import Entry
from indexer.plan import Plan, plan
from indexer.read import Peek
from indexer.scan import Header
from indexer.work import FileRecord
from models.errors import UnreadableScan


class Archive:
    """Files with their size, and what a look at each would tell; remembers what was looked at."""

    def __init__(self, **series: Iterable[str]) -> None:
        self.peeks: dict[str, Peek | UnreadableScan] = {}
        self.sizes: dict[str, int] = {}
        self.looked: list[str] = []
        for name, paths in series.items():
            for place, path in enumerate(paths):
                self.add(path, "" if name == "single" else name, place)

    def add(self, path: str, series: str = "", place: float = 0, size: int = 1) -> None:
        header = Header(instance_id=path)
        self.peeks[path] = Peek("dicom", header, series=series, position_mm=float(place))
        self.sizes[path] = size

    def remove(self, path: str) -> None:
        del self.peeks[path], self.sizes[path]

    def plan(self, known: Mapping[str, FileRecord]) -> Plan:
        entries = [Entry(path, size, 1) for path, size in sorted(self.sizes.items())]
        self.looked = []
        return plan(entries, known, self._look)

    def _look(self, entries: Iterable[Entry]) -> Iterator[tuple[str, Peek | UnreadableScan]]:
        for entry in entries:
            self.looked.append(entry.path)
            yield entry.path, self.peeks[entry.path]

    def known(self, planned: Plan) -> dict[str, FileRecord]:
        """What would be known after everything was taken."""
        return {
            path: FileRecord(path, source.key, self.sizes[path], 1, "", series=source.series)
            for source in planned.sources
            for path in source.paths
        }


def keys(sources: Iterable[object]) -> list[str]:
    return [source.key for source in sources]  # type: ignore[attr-defined]


def test_everything_is_new_at_first() -> None:
    archive = Archive(single=["a", "b"], series=["s1", "s2", "s3"])
    planned = archive.plan({})
    assert keys(planned.todo) == keys(planned.sources) == ["a", "b", "s1"]
    assert planned.sources[2].paths == ("s1", "s2", "s3")
    assert archive.looked == ["a", "b", "s1", "s2", "s3"]
    assert planned.vanished == frozenset()


def test_what_is_unchanged_is_not_even_opened() -> None:
    archive = Archive(single=["a", "b"], series=["s1", "s2"])
    known = archive.known(archive.plan({}))
    planned = archive.plan(known)
    assert (planned.todo, archive.looked) == ((), [])
    assert keys(planned.sources) == ["a", "b", "s1"]


def test_only_the_changed_one_is_done_again() -> None:
    archive = Archive(single=["a", "b"])
    known = archive.known(archive.plan({}))
    archive.add("b", size=2)
    archive.add("c")
    planned = archive.plan(known)
    assert keys(planned.todo) == ["b", "c"]
    assert archive.looked == ["b", "c"]


def test_a_series_that_got_a_slice_is_joined_anew() -> None:
    archive = Archive(series=["s1", "s2"], other=["t1", "t2"])
    known = archive.known(archive.plan({}))
    archive.add("s3", "series", 2)
    planned = archive.plan(known)
    assert [source.paths for source in planned.todo] == [("s1", "s2", "s3")]
    assert sorted(archive.looked) == ["s1", "s2", "s3"]
    assert planned.vanished == frozenset()


def test_a_series_that_lost_a_slice_is_joined_anew() -> None:
    archive = Archive(series=["s1", "s2", "s3"])
    known = archive.known(archive.plan({}))
    archive.remove("s2")
    planned = archive.plan(known)
    assert [source.paths for source in planned.todo] == [("s1", "s3")]


def test_what_has_no_file_any_more_has_vanished() -> None:
    archive = Archive(single=["a", "b"], series=["s1", "s2"])
    known = archive.known(archive.plan({}))
    for path in ("a", "s1", "s2"):
        archive.remove(path)
    planned = archive.plan(known)
    assert planned.vanished == {"a", "s1"}
    assert keys(planned.sources) == ["b"]
    assert planned.todo == ()


def test_what_cannot_be_read_is_a_reject() -> None:
    archive = Archive(single=["a", "b"])
    archive.peeks["b"] = UnreadableScan("truncated", "it ends")
    planned = archive.plan({})
    assert keys(planned.sources) == ["a"]
    assert [(r.path, r.code, r.sentence) for r in planned.rejects] == [
        ("b", "truncated", "it ends")
    ]
