"""Filters: what they select, what they refuse, and that they agree with SQLite."""

import sqlite3
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import UsageError
from retrieval.where import DEEPEST, LONGEST, parse, select

TABLE = pa.table(
    {
        "modality": pa.array(["CR", "CT", "CR", "", None]).dictionary_encode(),
        "age": [5.0, float("nan"), 40.0, None, 70.0],
        "Findings": ["Pneumonia,\nleft", "normal", "pneu 5%", "", None],
        "slices": pa.array([1, 2, 3, 4, None], pa.int32()),
        "checked": [True, False, None, True, False],
        "body part": ["CHEST", "HEAD", "CHEST", "o'brien", 'say "a"'],
        "vector": [[0.0], [1.0], None, [3.0], [4.0]],
    }
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("modality = 'CR' and age < 18", [0]),
        ("MODALITY == 'CR'", [0, 2]),
        ("modality = 'cr'", []),
        ("modality != 'CR'", [1]),
        ("modality <> 'CR' or age >= 70", [1, 4]),
        ("modality is null", [3, 4]),
        ("modality is not null", [0, 1, 2]),
        ("modality in ('CR', 'MR')", [0, 2]),
        ("modality not in ('CR', 'MR')", [1]),
        ("not age < 18", [2, 4]),
        ("not (age < 18 or age > 50)", [2]),
        ("age is null", [1, 3]),
        ("age between 5 and 40", [0, 2]),
        ("age not between 5 and 40", [4]),
        ("age > -1.5e1 and age<=40.", [0, 2]),
        ("age < 99999999999999999999999", [0, 2, 4]),
        ("age in (5, 70)", [0, 4]),
        ("slices in (1, 3)", [0, 2]),
        ("slices in (1, 2.5, 4.0)", [0, 3]),
        ("slices < 2.5", [0, 1]),
        ("findings like 'PNEU%'", [0, 2]),
        ("findings like '%left'", [0]),
        ("findings like 'pneu_5\\%'", [2]),
        ("findings like '.*'", []),
        ("findings not like 'pneu%'", [1]),
        ('findings contains "NEU"', [0, 2]),
        ("findings not contains 'neu'", [1]),
        ("checked = true", [0, 3]),
        ("checked != TRUE", [1, 4]),
        ("`body part` = 'o''brien'", [3]),
        ('`body part` = "o\'brien" or `Body Part` = "say ""a"""', [3, 4]),
        ("vector is not null", [0, 1, 3, 4]),
        ("age < 18 or age > 50 and modality is null", [0, 4]),
        ("(age < 18 or age > 50) and modality is null", [4]),
    ],
)
def test_it_selects_these_rows(text: str, rows: list[int]) -> None:
    mask = select(TABLE, text)
    assert mask.dtype == np.bool_
    assert np.flatnonzero(mask).tolist() == rows
    # The expression alone, as a filter for any other table of that schema, says the same.
    assert TABLE.append_column("at", pa.array(range(5))).filter(parse(text, TABLE.schema))[
        "at"
    ].to_pylist() == (rows)


@pytest.mark.parametrize(
    ("text", "sentence", "caret"),
    [
        (
            "modalty = 'CR'",
            "no column modalty; did you mean modality? There are: modality, age,",
            0,
        ),
        ("xyzzy = 1", "there is no column xyzzy. There are: modality", 0),
        ("modality = CR", "CR is not a value; text goes in quotes: 'CR'", 11),
        ("modality = 1", "modality is text; write its value in quotes: '1'", 11),
        ("modality = ''", "no case equals ''; write modality IS NULL", 11),
        ("age < '18'", "age is a number; write its value without quotes", 6),
        ("age < true", "age is a number", 6),
        ("age in (1, 'x')", "age is a number", 11),
        ("age = null", "nothing equals NULL; write age IS NULL", 6),
        ("age like '1%'", "LIKE needs text; age (number) is not", 4),
        ("modality like 5", "modality is text", 14),
        ("checked = 1", "checked is either true or false", 10),
        ("vector = 1", "only IS NULL and IS NOT NULL fit it", 9),
        ("age <", "a value for age (number) was expected", 5),
        ("age", "=, !=, <, >, IN, LIKE, CONTAINS, BETWEEN or IS NULL was expected", 3),
        ("age not 5", "IN, LIKE, CONTAINS", 8),
        ("age is 5", "NULL was expected", 7),
        ("age between 1 or 2", "AND was expected", 14),
        ("age in 5", "( was expected", 7),
        ("age in (5", ") was expected", 9),
        ("(age < 1", ") was expected", 8),
        ("age < 1)", "AND, OR or the end", 7),
        ("age < 1 age > 2", "AND, OR or the end", 8),
        ("18 > age", "the name of a column was expected here, as in age < 18", 0),
        ("", "the name of a column was expected", 0),
        ("age < 1 and", "the name of a column was expected", 11),
        ("age < 18abc", "this is not a number", 6),
        ("modality = 'CR", "this quote is not closed; add '", 11),
        ("age = 1; drop table cases", "';' means nothing in a filter", 7),
        ("__import__('os')", "there is no column __import__", 0),
    ],
)
def test_it_refuses_with_the_place_marked(text: str, sentence: str, caret: int) -> None:
    with pytest.raises(UsageError) as caught:
        select(TABLE, text)
    first, shown, mark = str(caught.value).split("\n")
    assert sentence in first
    assert shown == "  " + text
    assert mark == "  " + " " * caret + "^"


def test_names_that_differ_only_in_case_have_to_be_written_exactly() -> None:
    table = pa.table({"Age": [1], "age": [2]})
    assert select(table, "Age = 1").tolist() == [True]
    with pytest.raises(UsageError, match="AGE may be any of Age, age; write it exactly"):
        select(table, "AGE = 1")


def test_a_long_filter_is_shown_around_the_place() -> None:
    with pytest.raises(UsageError) as caught:
        select(TABLE, "age < 1 or " * 50 + "nothing")
    _, shown, mark = str(caught.value).split("\n")
    assert len(shown) < 80
    assert shown.startswith("  …") and shown.endswith("or nothing")
    assert shown[mark.index("^") :] == "nothing"


def test_length_and_depth_are_limited() -> None:
    with pytest.raises(UsageError, match="10,001 characters long; at most 10,000"):
        select(TABLE, " " * (LONGEST + 1))
    deepest = "(" * (DEEPEST - 1) + "age = 5" + ")" * (DEEPEST - 1)
    assert select(TABLE, deepest).sum() == 1
    with pytest.raises(UsageError, match="more than 50"):
        select(TABLE, f"({deepest})")
    with pytest.raises(UsageError, match="more than 50"):
        select(TABLE, "not " * 2000 + "age = 5")


def test_the_longest_chain_is_answered() -> None:
    chain = " or ".join(["age=5"] * 1000)
    assert select(TABLE, chain).tolist() == [True, False, False, False, False]


def test_a_column_named_like_the_row_number_does_not_clash() -> None:
    assert select(pa.table({"row": [7, 8, 7]}), "row = 7").tolist() == [True, False, True]


def test_no_rows() -> None:
    assert select(TABLE.slice(0, 0), "age < 5").shape == (0,)


# Against SQLite: the same rows, the same filter, the same answer.

_WORDS = st.text(alphabet="aAbB%_ '.", max_size=4)
_REALS = st.sampled_from([-1.5, 0.0, 0.5, 1.0, 2.0, 18.0])
_WHOLE = st.integers(-2, 3)
_ROWS = st.lists(
    st.tuples(
        st.none() | _REALS, st.none() | _WHOLE, st.none() | _WORDS, st.none() | st.booleans()
    ),
    max_size=12,
)
_SIGN = st.sampled_from(["=", "==", "!=", "<>", "<", "<=", ">", ">="])
_NOT = st.sampled_from(["", "NOT ", "not "])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_TEXTS = _WORDS.filter(bool).map(_quoted)
_NUMBERS = st.one_of(_REALS, _WHOLE).map(str)


def _comparisons(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(values, min_size=1, max_size=4).map(", ".join)
    return st.one_of(
        st.builds("{} {} {}".format, st.just(name), _SIGN, values),
        st.builds("{} {}IN ({})".format, st.just(name), _NOT, several),
        st.builds("{} {}BETWEEN {} AND {}".format, st.just(name), _NOT, values, values),
        st.builds("{} IS {}NULL".format, st.just(name), _NOT),
    )


_LEAVES = st.one_of(
    _comparisons("real", _NUMBERS),
    _comparisons("whole", _NUMBERS),
    _comparisons("word", _TEXTS),
    st.builds("word {}LIKE {}".format, _NOT, _TEXTS),
    st.sampled_from(["flag = true", "flag != true", "flag <> FALSE"]),
)

_FILTERS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" and ".join),
        st.tuples(inner, inner).map(" OR ".join),
        inner.map(lambda one: f"NOT {one}"),
        inner.map(lambda one: f"({one})"),
    ),
    max_leaves=8,
)


def _sqlite(rows: list[tuple[Any, ...]], text: str) -> list[int]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (at INTEGER, real REAL, whole INTEGER, word TEXT, flag)")
    connection.executemany(
        "INSERT INTO t VALUES (?, ?, ?, NULLIF(?, ''), ?)", [(i, *r) for i, r in enumerate(rows)]
    )
    found = connection.execute(f"SELECT at FROM t WHERE {text} ORDER BY at").fetchall()
    connection.close()
    return [at for (at,) in found]


@settings(max_examples=400, deadline=None)
@given(_ROWS, _FILTERS)
def test_it_agrees_with_sqlite(rows: list[tuple[Any, ...]], text: str) -> None:
    types = {"real": pa.float64(), "whole": pa.int64(), "word": pa.string(), "flag": pa.bool_()}
    table = pa.table(
        {
            name: pa.array([row[at] for row in rows], of)
            for at, (name, of) in enumerate(types.items())
        }
    )
    assert np.flatnonzero(select(table, text)).tolist() == _sqlite(rows, text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="agemodlity<>=!'\"`()., 0123456789-", max_size=40))
def test_any_text_is_answered_or_refused(text: str) -> None:
    try:
        assert select(TABLE, text).shape == (5,)
    except UsageError as error:
        assert str(error)
