"""Every error that this project raises on purpose.

    CbirError
    ├── UsageError          an option, a step, a column or a setting that does not exist or fit
    ├── NothingToIndex      the archive holds no scan that could be taken
    ├── UnreadableScan      one file cannot be read; carries a reason code for the build record
    ├── IndexUnusable       no index there, or one of another schema or encoder
    ├── IndexDamaged        a file of the index is not what was written
    ├── IndexLocked         another process is writing the index
    ├── CannotWrite         the disk is full, read-only or broken
    └── ModelUnusable       a model is missing, or its file is not the one that its spec names

A message names the thing, its value, the rule that it broke and the way out. The command line maps
the family to exit codes (`retrieval/cli/exits.py`).
"""

from typing import Self


class CbirError(Exception):
    """Root of the family: a sentence for a person, never a traceback."""


class UsageError(CbirError):
    """What was asked for does not exist or does not fit."""


class NothingToIndex(CbirError):  # noqa: N818 - the name says what happened
    """The archive holds no scan that could be taken."""


class UnreadableScan(CbirError):  # noqa: N818
    """One file cannot be read. `code` is a stable word for the build record, e.g. ``truncated``."""

    def __init__(self, code: str, sentence: str) -> None:
        """`sentence`: for a person; it holds no value of a header."""
        super().__init__(sentence)
        self.code = code

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        """So that it can be copied and sent between processes."""
        return type(self), (self.code, str(self))


class IndexUnusable(CbirError):  # noqa: N818
    """There is no index, or it is of another schema or another encoder."""


class IndexDamaged(CbirError):  # noqa: N818
    """A file of the index is not what was written."""

    def __init__(self, what: str) -> None:
        """`what`: the file and what is wrong with it; the way out is added."""
        super().__init__(
            f"{what}; build the index anew: cbir index ARCHIVE --out INDEX --no-resume"
        )


class IndexLocked(CbirError):  # noqa: N818
    """Another process is writing the index."""


class CannotWrite(CbirError):  # noqa: N818
    """The disk is full, read-only or broken."""


class ModelUnusable(CbirError):  # noqa: N818
    """A model is missing, or its file is not the one that its spec names."""
