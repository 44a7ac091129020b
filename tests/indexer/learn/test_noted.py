"""Which findings are learned, and which films from."""

import numpy as np
import pytest

from indexer.learn.findings import known_findings
from indexer.learn.gather import Gathered
from indexer.learn.noted import noted_films, rows_with_anything
from models.errors import UsageError
from models.training.splits import Split
from tests.indexer.learn.test_sides import gathered


def archive(findings: list[str], masked: int = -1) -> Gathered:
    films = gathered([{"patient_id": f"p{n}", "findings": text} for n, text in enumerate(findings)])
    if masked >= 0:
        films.masked[masked] = True
    return films


def split(train: int, count: int) -> Split:
    return Split(np.arange(train), np.arange(train, train), np.arange(train, count))


def test_films_that_say_nothing_are_left_out() -> None:
    films = archive(["Mass; Scar", "", "", "No Finding"], masked=2)
    known = known_findings(films.column("findings"), films.column("label"), films.patients())
    assert rows_with_anything(films, known).tolist() == [0, 2, 3]
    nothing = archive(["", "", ""], masked=1)
    known = known_findings(nothing.column("findings"), nothing.column("label"), nothing.patients())
    assert rows_with_anything(nothing, known).tolist() == [1]


def test_a_finding_needs_patients_and_those_of_test_films_do_not_count() -> None:
    films = archive(["Mass", "Mass", "Scar", "No Finding", "Scar", "Scar"])
    known = known_findings(films.column("findings"), films.column("label"), films.patients())
    told, left_out = noted_films(films, known, split(4, 6), least=2)
    assert told.finding_names == ("Mass",) and left_out == {"Scar": 1}
    assert told.findings is not None and told.findings.ravel().tolist() == [1, 1, 0, 0, 0, 0]
    told, left_out = noted_films(films, known, split(4, 6), least=1)
    assert told.finding_names == ("Mass", "Scar") and left_out == {}


def test_a_finding_that_all_have_cannot_be_told_apart() -> None:
    films = archive(["Mass; Scar", "Mass", "Mass; Scar", "Mass"])
    known = known_findings(films.column("findings"), films.column("label"), films.patients())
    told, left_out = noted_films(films, known, split(4, 4), least=2)
    assert told.finding_names == ("Scar",) and left_out == {"Mass": 4}


@pytest.mark.parametrize("findings", [["", ""], ["Mass", "Mass"], ["Mass", "No Finding"]])
def test_nothing_to_learn(findings: list[str]) -> None:
    films = archive(findings)
    known = known_findings(films.column("findings"), films.column("label"), films.patients())
    with pytest.raises(UsageError, match="no finding is noted for 2 patients or more"):
        noted_films(films, known, split(2, 2), least=2)
