"""Whether a generation's files are what was written, looked at as late as can be.

A small index is compared with its hashes whole, when it is opened. Of a large one that would take
longer than most questions. There every size is compared, the hashes of what is small and of each
table's footer; a table's columns have checksums that are compared when they are read
(`indexer.store`), and what has none, such as the vectors, is compared before its first use.
"""

from pathlib import PurePosixPath

from indexer import commit
from indexer.commit import Generation, check_size, tail_of
from models.errors import IndexDamaged

WHOLE_UP_TO_BYTES = 256 << 20
"""An index of so many bytes is compared whole: that takes a fraction of a second."""

_SMALL = ("cases", "heads", "rejects")


class Checks:
    """The checks of one generation; each file's hash is compared once at most."""

    def __init__(self, generation: Generation) -> None:
        """`generation`: whose files they are."""
        self._generation = generation
        self._done: set[str] = set()

    def at_opening(self, spare: tuple[str, ...] = ()) -> None:
        """What has to be looked at before anything is read. Raises `IndexDamaged`.

        `spare`: files that need not be looked at.
        """
        files = self._generation.manifest["files"]
        whole = sum(file["bytes"] for file in files.values()) <= WHOLE_UP_TO_BYTES
        for name, told in files.items():
            if name in spare:
                continue
            path = self._generation.path / name
            check_size(path, told)
            if whole or name.startswith(_SMALL) or ("tail" not in told and _is_table(name)):
                self.needed(name)
            elif "tail" in told and tail_of(path) != told["tail"]:
                raise IndexDamaged(f"{path} is not what was written")

    def needed(self, name: str) -> None:
        """Compares one file with its hash before it is used. Raises `IndexDamaged`."""
        if name not in self._done:
            commit.check(self._generation, (name,))
            self._done.add(name)


def _is_table(name: str) -> bool:
    return PurePosixPath(name).suffix == ".parquet"
