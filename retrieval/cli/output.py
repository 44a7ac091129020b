"""What the commands share: verbosity, progress, and where data goes."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from indexer.commit import writing

if TYPE_CHECKING:
    from tqdm import tqdm

F = TypeVar("F", bound=Callable[..., Any])


def verbosity(command: F) -> F:
    """Adds -q and -v."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="No progress, no summary.")
    verbose = click.option("-v", "--verbose", is_flag=True, help="Say more; tracebacks of faults.")
    return quiet(verbose(command))


def set_up_logging(verbose: bool) -> None:
    """Logs of this program go to stderr: warnings, or everything."""
    level = logging.DEBUG if verbose else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("cbir").setLevel(level)


def put(text: str, out: str | None) -> None:
    """Data: to a file, written whole or not at all, or to stdout. Raises `CannotWrite`."""
    if out is None:
        click.echo(text)
        return
    path = Path(out)
    new = path.with_name(f".{path.name}.new")
    with writing(path):
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


class Bars:
    """Progress on stderr: one bar a stage, with rate and time left."""

    def __init__(self, quiet: bool) -> None:
        """`quiet`: draw nothing."""
        self._quiet = quiet
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Shows that `done` of `total` scans of this stage are done."""
        if self._quiet or not total:
            return
        if stage != self._stage:
            self.close()
            from tqdm import tqdm

            self._stage = stage
            self._bar = tqdm(total=total, desc=stage, unit=" scans", file=sys.stderr)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Ends the last bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
