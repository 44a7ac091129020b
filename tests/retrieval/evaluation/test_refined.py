"""A refined search as a system."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import UsageError
from models.heads.combined import CombinedHead
from models.heads.neighbours import NeighbourVote
from retrieval.evaluation.questions import questions_of
from retrieval.evaluation.refined import Diagnosed, Voting, as_it_votes, cross_voting, refined_by
from retrieval.evaluation.run import Asked, evaluate
from retrieval.evaluation.systems import Fitted, Weighted
from retrieval.index import OpenIndex


def base_of(opened: OpenIndex) -> Weighted:
    return Weighted(opened.ranker, opened.searched, [Fitted(opened.weights)])


def test_every_case_is_ranked_once_and_those_of_one_label_keep_their_order(
    opened: OpenIndex,
) -> None:
    base = base_of(opened)
    system = refined_by("diagnosis", base, opened, opened)
    votes = as_it_votes(opened)
    for question in questions_of(opened, opened, 100).asked:
        told = Diagnosed(base, votes, opened.labels, 0.9)
        plain = base.order(question, ~question.own).tolist()
        found = told.order(question, ~question.own).tolist()
        assert sorted(found) == sorted(plain)
        for label in set(opened.labels):
            of_label = [case for case in plain if opened.labels[case] == label]
            assert [case for case in found if opened.labels[case] == label] == of_label
    assert len(system.votes) == 5


def test_one_label_has_nothing_to_suggest(opened: OpenIndex) -> None:
    base = base_of(opened)
    kept = next(iter(as_it_votes(opened)))

    one = CombinedHead(NeighbourVote({"normal": 1.0}))
    told = Diagnosed(base, [Voting(one, kept.weights)], opened.labels)
    question = questions_of(opened, opened, 100).asked[0]
    expected = base.order(question, ~question.own)
    np.testing.assert_array_equal(told.order(question, ~question.own), expected)


def test_heads_are_fitted_without_the_fold(opened: OpenIndex) -> None:
    fold_of = {name: at % 5 for at, name in enumerate(opened.case_ids)}
    found = cross_voting(opened, fold_of)
    assert len(found) == 5
    assert all(abs(sum(one.weights.values()) - 1) < 1e-9 for one in found)


def test_a_way_that_does_not_exist(opened: OpenIndex) -> None:
    with pytest.raises(UsageError, match="there is no way to refine 'magic'"):
        refined_by("magic", base_of(opened), opened, opened)


def test_an_evaluation_has_a_row_for_it(index: Path) -> None:
    told = evaluate(Asked(index, refine="diagnosis"), lambda *_: None).figures
    assert "refined by diagnosis" in [system.name for system in told.systems]
    assert "refined by diagnosis" in {one.name for one in told.compared}
