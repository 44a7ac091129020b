"""What was not taken, and why. The reasons of reading itself are in `indexer.read.reasons`."""

from dataclasses import dataclass

BAD_ROW = "bad_row"
DUPLICATE = "duplicate"
CODES = {
    BAD_ROW: "a row of the manifest breaks a rule; the sentence names its line and the rule",
    "missing": "the manifest names a file that does not exist",
    "outside": "a link leads out of the archive",
    "not_a_file": "a pipe, a socket or a device, not a file",
    "permission": "the file or folder may not be opened by this user",
    "bad_name": "the name is not UTF-8, so no table can hold it",
    "unsuited": "a step of the preprocessing cannot be done on this scan, e.g. mm without spacing",
    DUPLICATE: "the same bytes, or the same slice of the same series, were taken already",
}
"""Code -> what it means. Codes are stable: people filter `rejects.parquet` by them."""

SAME_BYTES = "the same bytes as "
"""How the sentence of a duplicate begins; the scan that was taken follows."""

LASTING = frozenset(
    {
        *("empty", "unknown_format", "truncated", "bad_header", "too_large", "not_an_image"),
        *("slide_label", "no_pixels", "unsupported_transfer_syntax", "unsupported_pixels"),
        *("damaged_pixels", "inconsistent_series", "unsuited", DUPLICATE),
    }
)
"""What follows from a file's bytes: while they are the same, the file need not be tried again. Any
other reason (a permission, a busy machine) may have passed."""

PASSING = frozenset({"permission", "timed_out", "out_of_memory", "worker_died"})
"""What says nothing of the file: the same may be taken at another time."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A file that was not taken.

    `path`: relative to the archive; of a manifest's row "cases.csv:12", the manifest and the line.
    `sentence`: for a person; it holds no value of a header or a row. `source`: the scan that the
    file is a part of, where it was refused together with others.
    """

    path: str
    code: str
    sentence: str
    source: str = ""
