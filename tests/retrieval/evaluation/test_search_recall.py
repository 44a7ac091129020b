"""The index's own recall is told apart from the recall of diagnoses."""

import faiss
import numpy as np

from retrieval.evaluation.questions import questions_of
from retrieval.evaluation.search_recall import search_recall
from retrieval.evaluation.systems import Fitted, Weighted
from retrieval.index import OpenIndex
from retrieval.ranking import CaseRanker


def test_an_exact_search_finds_all(opened: OpenIndex) -> None:
    system = Weighted(opened.ranker, opened.searched, [Fitted(opened.weights)])
    assert search_recall(opened, questions_of(opened, opened, 100), system) == 1


def test_a_search_that_misses_is_found_out(opened: OpenIndex) -> None:
    """An index whose vectors are those of other rows finds other cases."""
    right = np.vstack(list(opened.store.vectors(opened.dims)))
    wrong = faiss.IndexFlatIP(right.shape[1])
    wrong.add(np.roll(right, 5, axis=0))
    questions = questions_of(opened, opened, 100)
    system = Weighted(opened.ranker, opened.searched, [Fitted(opened.weights)])
    opened.__dict__["ranker"] = CaseRanker(wrong, opened.ranker.case_of_row)
    # Of 11 other cases 10 are found, so at most one of them can be missed.
    assert search_recall(opened, questions, system) < 0.999
