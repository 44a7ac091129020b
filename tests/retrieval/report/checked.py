"""A report on an archive, made up so that everything occurs in it once."""

from indexer.check import Film, Finding
from indexer.check.run import Report

FIRST = Film("a/1.png", "P-1", "normal", "P-1/s", 11)
SECOND = Film("b/<script>alert(1)</script>.png", "P-2", "pneumonia", "P-2/s", 22)
LOST = Film("b/copy.png", "P-3\u202e", "tuberculosis", "P-3/s")
COUNTS = {
    **{"cases": 3, "instances": 3, "patients": 3, "files": 3, "rejects": 2},
    "labels": {"normal": 2, "pneumonia": 1},
}
REPORT = Report(
    archive="films",
    software="cbir 0.1.0",
    counts=COUNTS,
    findings=(
        Finding("rejected", "truncated: the file ends before its pixels do", (Film("c.png"),)),
        Finding("too_dark", "too_dark: most of it is black", (FIRST,)),
        Finding("same_bytes", "the same bytes in 2 files", (FIRST, LOST)),
        Finding("near_duplicate", "nearly the same (likeness 0.93)", (FIRST, SECOND), 0.93),
        *(Finding("doubtful_label", f"labelled normal {n}", (FIRST,), 0.9) for n in range(45)),
    ),
    not_done=("how the films of MR HEAD lie: 3 patients; 40 are needed",),
)
NOTHING = Report("films", "cbir 0.1.0", {**COUNTS, "labels": {}}, ())
