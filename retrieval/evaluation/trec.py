"""Runs and relevance in the form of TREC, so that other programs can check the figures.

    run.txt     query Q0 case rank score system      (trec_eval, ir_measures, ranx)
    qrels.txt   query 0 case 1

A score is made of the rank: measures look at the order alone.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np

from indexer.commit import writing
from models.files import write_whole
from retrieval.evaluation.measured import Archive
from retrieval.evaluation.questions import Question
from retrieval.evaluation.systems import System

RUN, QRELS = "run.txt", "qrels.txt"
MOST = 1000
"""Cases of one query that are written."""


def write_trec(
    folder: Path,
    system: System,
    questions: Sequence[Question],
    archive: Archive,
    case_ids: Sequence[str],
) -> None:
    """Writes both files into `folder`. Raises `CannotWrite`.

    Relevant are, as everywhere here, the cases of other patients with the question's label; a
    question without any has no line among them. Names are written with %20 for white space.
    """
    labelled = np.array([bool(label) for label in archive.labels], bool)[archive.case_of_row]
    run: list[str] = []
    qrels: list[str] = []
    for question in questions:
        allowed = labelled & ~question.own
        name = _word(question.case_id)
        order = system.order(question, allowed)[:MOST].tolist()
        run += _run(name, [case_ids[case] for case in order])
        for case in np.unique(archive.case_of_row[allowed]).tolist():
            if archive.labels[case] == question.label:
                qrels.append(f"{name} 0 {_word(case_ids[case])} 1")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for file, lines in ((RUN, run), (QRELS, qrels)):
        write_whole(folder / file, "".join(f"{line}\n" for line in lines).encode())


def _run(name: str, found: Sequence[str]) -> Iterator[str]:
    for rank, case in enumerate(found, start=1):
        yield f"{name} Q0 {_word(case)} {rank} {1 - rank / (MOST + 1):.6f} cbir"


def _word(name: str) -> str:
    """A name as one word."""
    return quote(name, safe="/:._-+,()", errors="surrogateescape")
