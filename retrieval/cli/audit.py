"""`cbir audit`: whether the log of who saw what is what was written."""

from pathlib import Path

import click

from retrieval.cli.exits import DONE
from retrieval.cli.options import Place, table_or_json
from retrieval.cli.output import put_object, say

DAMAGED = 9


@click.group()
def audit() -> None:
    """Who asked what and saw which case: the log that `cbir serve` keeps."""


@audit.command(epilog="Example: cbir audit verify demo/users/audit.jsonl")
@click.argument("log", type=Place(dir_okay=False))
@click.option(
    "--anchor", multiple=True, help="NUMBER:HASH of a record, as it was told and kept elsewhere."
)
@table_or_json
def verify(log: Path, anchor: tuple[str, ...], format: str) -> int:
    """Look for records that were changed, removed, put in, moved, or cut off at the end.

    Ends with 9 if there are any. Prints the place of the last record: kept where nobody can change
    it, it shows later by --anchor that nothing up to it was made anew or cut off.
    """
    from retrieval.web.audit.verify import anchor as place
    from retrieval.web.audit.verify import verify as look

    found = look(log, [place(one) for one in anchor])
    if format == "json":
        put_object(
            {
                "schema": 1,
                "records": found.last.seq,
                "last": str(found.last),
                "faults": list(found.faults),
                "notes": list(found.notes),
                "anchors": found.anchors,
            }
        )
    else:
        for note in found.notes:
            say(f"note: {note}", err=True)
        for fault in found.faults:
            say(f"fault: {fault}", err=True)
        say(f"records: {found.last.seq}, all in order{' up to there' if found.faults else ''}")
        say(f"anchor: {found.last}")
    return DAMAGED if found.faults else DONE
