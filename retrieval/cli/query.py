"""`cbir query`: the nearest cases of a scan, of words, or of both."""

import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import UsageError
from retrieval.cli.options import Place, aggregate_option, index_option, keep_out, verbosity
from retrieval.cli.output import put
from retrieval.refining import WAYS

if TYPE_CHECKING:
    from indexer.region import Region
    from retrieval.answer import Answer
    from retrieval.search import Engine
    from retrieval.why import Why


@click.command(
    epilog="Example: cbir query examples/queries/Montgomery_0372.jpg --index demo/index -k 3",
    help="""Find the cases most like SCAN: a file, or a folder with the slices of one series.

    With --text the words count too; --text alone searches by words, and --like alone for cases
    more like one of the archive.""",
)
@click.argument("scan", required=False, type=Place())
@index_option("query")
@click.option("--text", default="", help="Words, e.g. a finding.")
@click.option("-k", default=5, type=click.IntRange(1, 10_000), help="How many cases (5).")
@click.option("--weights", default="", help="e.g. colour=1,embedding=4; others keep the index's.")
@click.option(
    "--region",
    default="",
    help="A part of SCAN alone: x,y,w,h in pixels, in a volume x,y,z,w,h,d, or a mask's file.",
)
@click.option("--where", default="", help="e.g. \"modality = 'CR' and age < 18\".")
@aggregate_option("--aggregate", "How cases of several pictures are ranked (late)", "late")
@click.option(
    "--slices",
    default=0,
    type=click.IntRange(0, 4096),
    help="Of a series, describe at most so many slices; 0: as many as in the index (0).",
)
@click.option(
    "--coverage",
    default=0.9,
    type=click.FloatRange(0.5, 0.99),
    help="How often the labels that are not ruled out hold the true one (0.9).",
)
@click.option("--like", multiple=True, help="The id of a case: more like this; may be repeated.")
@click.option("--unlike", multiple=True, help="The id of a case: less like this.")
@click.option(
    "--refine",
    type=click.Choice(list(WAYS)),
    help="Cases of the suggested diagnosis first; the score shows what that gave.",
)
@click.option("--spread", is_flag=True, help="Words find cases without a text by their looks too.")
@click.option("--patient", default="", help="Whose scan it is, where its header does not say.")
@click.option("--why", is_flag=True, help="Show which words and places made each hit similar.")
@click.option(
    "--format",
    type=click.Choice(["table", "json", "html", "pdf"]),
    default="table",
    help="For a terminal, for a program, or with the pictures: one page, or on A4.",
)
@click.option("--out", type=Place(dir_okay=False), help="Write there instead of stdout.")
@verbosity
def query(
    scan: Path | None,
    index: Path,
    format: str,
    out: Path | None,
    quiet: bool,
    **asked: object,
) -> None:
    """See the help text above."""
    weights = weights_of(str(asked["weights"]))
    _check_out(out, scan, index)
    region = region_of(str(asked["region"]), bool(asked["why"]))
    if format == "pdf":
        check_pdf(out, bool(asked["why"]))
    from indexer.describe import WORKER
    from indexer.workers import WorkerPool

    with WorkerPool(1, WORKER) as pool:
        if scan is not None:
            pool.start()  # it imports what reads a scan while the search is imported here
        from retrieval.search import Engine, Query

        wanted = Query(
            scan=scan,
            text=str(asked["text"]),
            k=int(str(asked["k"])),
            weights=weights,
            where=str(asked["where"]),
            patient_id=str(asked["patient"]),
            coverage=float(str(asked["coverage"])),
            aggregate=str(asked["aggregate"]),
            slices=int(str(asked["slices"])),
            like=_ids(asked["like"]),
            unlike=_ids(asked["unlike"]),
            refine=str(asked["refine"] or ""),
            spread=bool(asked["spread"]),
            region=region,
        )
        with Engine(index, expected=scan, pool=pool) as engine:
            answer = engine.query(wanted)
            why = engine.why(wanted, answer) if asked["why"] else None
            put(rendered(engine, answer, format, why), out)


def region_of(text: str, why: bool) -> "Region | None":
    """What `--region` says, or None. Raises `UsageError`."""
    if not text:
        return None
    from indexer.region import parsed
    from retrieval.regional import NO_WHY

    if why:
        raise UsageError(NO_WHY)
    return parsed(text)


def check_pdf(out: Path | None, why: bool) -> None:
    """Raises `UsageError` where an answer cannot be given as PDF."""
    if why:
        raise UsageError("--why is shown by --format html or json, not in a PDF")
    if find_spec("reportlab") is None:
        raise UsageError("a PDF needs reportlab, which the base lacks: pip install 'cbir[serve]'")
    if out is None and sys.stdout.isatty():
        raise UsageError("a PDF is nothing for a terminal; give --out FILE")


def _ids(given: object) -> tuple[str, ...]:
    return tuple(map(str, given)) if isinstance(given, tuple) else ()


def _check_out(out: Path | None, scan: Path | None, index: Path) -> None:
    """Raises `UsageError` if the answer would be written over the scan or into the index."""
    keep_out(out, index)
    if out is None or scan is None:
        return
    if out.resolve() in (scan.resolve(), *scan.resolve().glob("*")):
        raise UsageError(f"--out {out} is a file of the scan itself; give another name")


def rendered(
    engine: "Engine", answer: "Answer", form: str, why: "Mapping[str, Why] | None" = None
) -> str | bytes:
    """The answer in that form: table, json, html or pdf. `why`: from `Engine.why`, not for pdf."""
    if form == "json":
        from retrieval.report.as_json import render as as_json

        return as_json(answer, why)
    if form == "html":
        from retrieval.report.html import render as as_html

        return as_html(answer, engine.previews(answer.cases), why=why)
    if form == "pdf":
        from retrieval.report.pdf import render as as_pdf

        return as_pdf(answer, engine.previews(answer.cases))
    from retrieval.report.table import render as as_table

    return as_table(answer, shutil.get_terminal_size((100, 24)).columns, why)


def weights_of(text: str) -> dict[str, float]:
    """`colour=1,embedding=4` as a dictionary. Raises `UsageError`."""
    weights = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, sign, value = part.partition("=")
        try:
            weights[name.strip()] = float(value)
        except ValueError:
            sign = ""
        if not sign:
            raise UsageError(f"--weights has {part!r}; it is written like colour=1,embedding=4")
    return weights
