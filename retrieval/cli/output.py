"""Where data and progress go."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from indexer.commit import writing
from retrieval.report.shown import visible

if TYPE_CHECKING:
    from tqdm import tqdm


def put(text: str | bytes, out: Path | None) -> None:
    """Data: to a file, written whole or not at all, or to stdout. Raises `CannotWrite`."""
    if out is None:
        click.echo(text, nl=isinstance(text, str))
        return
    data = text.encode() if isinstance(text, str) else text
    with writing(out):
        if out.exists() and not out.is_file():  # a device or a pipe is written to, not replaced
            out.write_bytes(data)
            return
        path = out.resolve()  # what a link leads to
        new = path.with_name(f".{path.name}.new")
        try:
            new.write_bytes(data)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


def put_object(told: Any, indent: int | None = 1) -> None:
    """JSON to stdout. ASCII, so that no text steers a terminal and no locale breaks a pipe.

    `indent`: None puts it on a line.
    """
    click.echo(json.dumps(told, indent=indent))


def say(text: str, err: bool = False) -> None:
    """A text for a person, to stdout or stderr; what would steer the terminal is made visible."""
    click.echo(visible(text), err=err)


_UNITS = {"train": "steps"}


class Bars:
    """Progress on stderr: one bar a stage, with rate and time left."""

    def __init__(self, quiet: bool) -> None:
        """`quiet`: draw nothing."""
        self._quiet = quiet
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Shows that `done` of `total` scans (or steps) of this stage are done."""
        if self._quiet or not total:
            return
        if stage != self._stage:
            self.close()
            from tqdm import tqdm

            self._stage = stage
            self._bar = tqdm(
                total=total, desc=stage, unit=f" {_UNITS.get(stage, 'scans')}", file=sys.stderr
            )
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the last bar."""
        self.close()

    def close(self) -> None:
        """Ends the last bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
