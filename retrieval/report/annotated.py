"""What models said of scans, for a terminal or a program."""

from typing import TYPE_CHECKING, Any

from retrieval.report import DISCLAIMER
from retrieval.report.shown import machine_made, one_line

if TYPE_CHECKING:
    from indexer.annotate.run import AnnotatedArchive

SCHEMA = 1


def as_object(found: "AnnotatedArchive") -> dict[str, Any]:
    """As what `json` can write."""
    return {
        "schema": SCHEMA,
        "annotated_by": found.annotated_by,
        "annotations": [row.to_json() for row in found.rows],
        "rejects": [
            {"path": reject.path, "code": reject.code, "sentence": reject.sentence}
            for reject in found.rejects
        ],
        "remarks": list(found.remarks),
        "disclaimer": DISCLAIMER,
    }


def as_table(found: "AnnotatedArchive") -> str:
    """A line a scan, its most probable findings after its text; then what was not taken."""
    lines = [f"{len(found.rows)} scans, {machine_made(one_line(found.annotated_by))}"]
    for row in found.rows:
        likely = sorted(row.findings.items(), key=lambda pair: -pair[1])[:3]
        shares = ", ".join(f"{one_line(name)} {share:.2f}" for name, share in likely)
        text = one_line(row.text) or "(nothing to say)"
        lines.append(f"{one_line(row.path)}  {text}{f'  [{shares}]' if shares else ''}")
    for reject in found.rejects:
        lines.append(f"not taken: {one_line(reject.path)} ({reject.code}: {reject.sentence})")
    lines += [f"note: {remark}" for remark in found.remarks]
    return "\n".join([*lines, DISCLAIMER])
