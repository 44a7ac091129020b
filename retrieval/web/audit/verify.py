"""Checking a log: whether it is, from its first record to its last, what was written.

The chain alone shows a record that was changed, removed, put in or moved. That records are missing
at the end it cannot show: what is left is a whole chain. The file beside the log shows it as long
as it was not cut to fit, and an anchor that somebody else keeps shows it in any case; so it does a
chain that was made anew from the start by somebody who may write the file.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import UsageError
from retrieval.web.audit import chain
from retrieval.web.audit.chain import START, Link
from retrieval.web.audit.trail import head_of

_LONGEST = 1 << 22
_ANCHOR = re.compile(r"(\d{1,20}):([0-9a-f]{64})\s*\Z")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `last`: the last record that is good. `faults`: none if all is well.

    `notes`: what is no fault but should be known. `anchors`: how many were given and hold.
    """

    path: Path
    last: Link
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    anchors: int


def anchor(text: str) -> Link:
    """A place that was kept elsewhere, as `Link` writes it. Raises `UsageError`."""
    found = _ANCHOR.match(text)
    if found is None:
        raise UsageError(
            f"{text!r} is no anchor; it reads NUMBER:HASH, as `cbir audit verify` says"
        )
    return Link(int(found[1]), found[2])


def verify(path: Path, anchors: Sequence[Link] = ()) -> Verdict:
    """Reads a whole log. Raises `UsageError` if it cannot be read."""
    faults: list[str] = []
    notes: list[str] = []
    wanted = {one.seq: one for one in anchors}
    head = _head(path, notes)
    wanted_head = head.seq if head else -1
    last, held = START, 0
    for number, text, whole in _lines(path):
        if not whole and len(text) < _LONGEST:
            notes.append(f"line {number} has no end: a write was cut off, nothing was answered yet")
            break
        fault, link = _looked(last, text)
        if fault:
            faults.append(f"line {number}: {fault}")
            break
        last = link
        if last.seq in wanted and last != wanted[last.seq]:
            faults.append(f"line {number}: record {last.seq} is not the one of the anchor")
        elif last.seq in wanted:
            held += 1
        if last.seq == wanted_head and last != head:
            faults.append(
                f"line {number}: record {last.seq} is not the one of {head_of(path).name}"
            )
    if not any(fault.startswith("line") for fault in faults):
        faults += _missing(last, head, anchors, head_of(path).name)
    return Verdict(path, last, tuple(faults), tuple(notes), held)


def _looked(last: Link, text: bytes) -> tuple[str, Link]:
    told = chain.parsed(text)
    if told is None:
        return "this is not a record as it was written", last
    if chain.hash_of(told) != told["hash"]:
        return f"record {told['seq']} was changed after it was written", last
    if told["seq"] != last.seq + 1 or told["before"] != last.hash:
        return (
            f"record {told['seq']} does not follow record {last.seq}: "
            "one was removed, put in or moved",
            last,
        )
    return "", Link(told["seq"], told["hash"])


def _missing(last: Link, head: Link | None, anchors: Sequence[Link], name: str) -> Iterator[str]:
    if head is not None and head.seq > last.seq:
        yield f"the end is missing: it stops at record {last.seq}, {name} names record {head.seq}"
    for one in anchors:
        if one.seq > last.seq:
            yield f"the end is missing: it stops at record {last.seq}, an anchor names {one.seq}"


def _head(path: Path, notes: list[str]) -> Link | None:
    try:
        text = head_of(path).read_text("ascii", errors="replace")
    except OSError:
        text = ""
    found = _ANCHOR.match(text)
    if found is None:
        notes.append(f"{head_of(path).name} is not there: a missing end shows only by an anchor")
        return None
    return Link(int(found[1]), found[2])


def _lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Number, content without its end, and whether it has one."""
    try:
        with path.open("rb") as file:
            number = 0
            while text := file.readline(_LONGEST):
                number += 1
                yield number, text.removesuffix(b"\n"), text.endswith(b"\n")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
