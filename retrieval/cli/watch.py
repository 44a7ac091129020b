"""`cbir watch`: an index that follows its folder."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import click

from retrieval.cli.exits import DONE
from retrieval.cli.options import Place, table_or_json, verbosity
from retrieval.cli.output import put_object, say
from retrieval.cli.remove import Duration
from retrieval.cli.settings import Settings


@click.command(epilog="Example: cbir watch examples/archive --out demo/index --once")
@click.argument("archive", type=Place())
@click.option("--out", required=True, type=Place(), help="The index's folder, of its own.")
@click.option("--every", type=Duration(), default="10s", help="How often to look (10s).")
@click.option(
    "--settle", type=Duration(), default="5s", help="How long nothing may have changed (5s)."
)
@click.option("--once", is_flag=True, help="End after the first build.")
@click.option("--prune", is_flag=True, help="Take out the scans whose files are gone.")
@click.option(
    "--label-from",
    type=click.Choice(["auto", "manifest", "folder", "dicom", "none"]),
    default="auto",
    help="Where labels come from, as for `cbir index`.",
)
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Processes that decode; default: cores."
)
@table_or_json
@verbosity
@click.pass_obj
def watch(
    settings: Settings,
    /,
    archive: Path,
    out: Path,
    every: float,
    settle: float,
    once: bool,
    format: str,
    quiet: bool,
    **options: Any,
) -> int:
    """Keep an index up to date with ARCHIVE, until it is interrupted or terminated.

    With --format json each build is a line on stdout.
    """
    from indexer.pipeline import Options
    from indexer.summary import Summary
    from indexer.watch import Rhythm, Told
    from indexer.watch import watch as keep_up

    stop = threading.Event()

    def told(news: Summary | Exception) -> None:
        if isinstance(news, Exception):
            say(f"cbir: {news}; it is tried again", err=True)
            return
        if once:
            stop.set()
        if format == "json":
            put_object(replace(news, stages=()).to_json(), indent=None)
        elif not quiet and (news.committed or once):
            say(news.to_text(), err=True)

    hear: Told = told
    with _until_told(stop):
        asked = Options(config=settings.config, **options)
        keep_up(archive, out, asked, Rhythm(every, settle), stop, hear)
    return DONE


@contextmanager
def _until_told(stop: threading.Event) -> Iterator[None]:
    """The first SIGINT or SIGTERM lets a build come to its end, and no other begin.

    A second one interrupts the build itself, which the next run goes on with.
    """

    def heard(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
