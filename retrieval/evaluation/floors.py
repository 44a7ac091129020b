"""What a search has to be better than: each descriptor alone, and what is plainer still."""

from collections.abc import Sequence

from retrieval.aggregation import Aggregation
from retrieval.evaluation.fitted import alone
from retrieval.evaluation.questions import Questions
from retrieval.evaluation.systems import Constant, Pixels, Shuffled, System, Weighted, thumbnails
from retrieval.index import OpenIndex


def floors_of(
    asking: OpenIndex, archive: OpenIndex, questions: Questions, how: Aggregation
) -> dict[str, System]:
    """What else answers, by name: the descriptors one by one, and what is plainer.

    The text has a row where any question has words. `how`: cases of several pictures are ranked.
    """
    ranker, rows = archive.ranker, archive.ranker.case_of_row
    systems: dict[str, System] = {}
    for name in ("embedding", "colour", "edge", "text"):
        if name != "text" or any(one.blocks["text"].any() for one in questions.asked):
            systems[f"{name} alone"] = Weighted(ranker, archive.searched, alone(name), how=how)
    kept = thumbnails(_previews(archive, archive.cases.column("middle_row").to_pylist()))
    previews = _previews(asking, [one.preview_row for one in questions.asked])
    pictures = dict(
        zip((one.case_id for one in questions.asked), thumbnails(previews), strict=True)
    )
    return systems | {
        "raw pixels": Pixels(kept, pictures, rows),
        "constant class": Constant.of(rows, archive.labels),
        "random": Shuffled(rows),
    }


def _previews(index: OpenIndex, rows: Sequence[int]) -> list[bytes]:
    found = index.store.preview(sorted(set(rows)))
    return [found.get(row, b"") for row in rows]
