"""`cbir evaluate`: how well an index finds what it should."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import UsageError
from retrieval.cli.options import Place, aggregate_option, index_option, keep_out, verbosity
from retrieval.cli.output import Bars, put
from retrieval.cli.query import weights_of
from retrieval.refining import WAYS

if TYPE_CHECKING:
    from retrieval.evaluation.run import Evaluated


@click.command(
    epilog="Example: cbir evaluate --index demo/index",
    help="""Measure how well an index finds cases of the same label: hit rate, precision, recall,
    mAP and more, beside floors, with intervals over patients.

    Each case asks, its patient left out; with --queries the cases of another set do.""",
)
@index_option("evaluate")
@click.option(
    "--queries", type=Place(), help="Who asks: a folder, a cases.csv, or an index built alike."
)
@click.option("-k", "ks", default="1,5,10", help="Where lists are cut (1,5,10).")
@click.option("--weights", default="", help="e.g. colour=1,embedding=4; others keep the index's.")
@click.option("--against", type=Place(), help="Another index of the same cases, to compare with.")
@click.option("--against-weights", default="", help="Other weights, to compare with.")
@aggregate_option("--aggregate", "How cases of several pictures are ranked (late)", "late")
@aggregate_option("--against-aggregate", "Another way of ranking cases, to compare with")
@click.option("--refine", type=click.Choice(list(WAYS)), help="A row for a refined search.")
@click.option("--most", default=2000, type=click.IntRange(2), help="Cases that ask at most (2000).")
@click.option(
    "--trec", type=Place(file_okay=False), help="Write run.txt and qrels.txt into this folder."
)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; default: cores.")
@click.option(
    "--format",
    type=click.Choice(["table", "json", "html"]),
    default=None,
    help="For a terminal, for a program, or a page with curves and pictures.",
)
@click.option("--out", type=Place(dir_okay=False), help="Write there; a .html file is a page.")
@verbosity
def evaluate(
    index: Path,
    queries: Path | None,
    against: Path | None,
    trec: Path | None,
    format: str | None,
    out: Path | None,
    quiet: bool,
    **options: object,
) -> None:
    """See the help text above."""
    from retrieval.evaluation.run import Asked
    from retrieval.evaluation.run import evaluate as measure

    form = format or ("html" if out and out.suffix.lower() in (".html", ".htm") else "table")
    for target in filter(None, (out, trec)):
        keep_out(target, index, queries, against)
    asked = Asked(
        index,
        queries,
        cuts_of(str(options["ks"])),
        weights_of(str(options["weights"])),
        against,
        weights_of(str(options["against_weights"])),
        aggregate=str(options["aggregate"]),
        against_aggregate=str(options["against_aggregate"] or ""),
        most=int(str(options["most"])),
        workers=options["workers"] if isinstance(options["workers"], int) else None,
        trec=trec,
        pictures=form == "html",
        refine=str(options["refine"] or ""),
    )
    with Bars(quiet) as bars:
        found = measure(asked, bars)
    put(_rendered(found, form), out)


def cuts_of(text: str) -> tuple[int, ...]:
    """`1,5,10` as numbers. Raises `UsageError`."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= 10_000 for part in parts):
        raise UsageError(f"-k is {text!r}; it is one or more numbers from 1 to 10000, as in 1,5,10")
    return tuple(sorted({int(part) for part in parts}))


def _rendered(found: "Evaluated", form: str) -> str:
    if form == "html":
        from retrieval.report.evaluation_html import Pictures, render

        return render(found.figures, Pictures(found.asked, found.found))
    from retrieval.report.evaluation import as_json, as_table

    return as_json(found.figures) if form == "json" else as_table(found.figures)
