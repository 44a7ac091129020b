"""Filters: ``modality = 'CR' and age < 18`` becomes a mask over a table's rows.

    either     := both { OR both }
    both       := test { AND test }
    test       := NOT test | ( either ) | comparison
    comparison := column sign value | column [NOT] IN ( value {, value} )
                | column [NOT] LIKE text | column [NOT] CONTAINS text
                | column [NOT] BETWEEN value AND value | column IS [NOT] NULL

Truth is SQL's, with three values: a comparison with nothing is unknown, NOT unknown is unknown,
and only what is true is selected. Empty text and NaN count as nothing, since that is how a field
that nobody filled in looks. What a user reads about it is `docs/filters.md`.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from models.arrays import Mask
from models.errors import UsageError
from retrieval.where_columns import Column, Value, column_of
from retrieval.where_tokens import Token, complaint, tokens_of

if TYPE_CHECKING:  # pyarrow.compute takes 50 ms to import, and most queries have no filter
    import pyarrow as pa
    import pyarrow.compute as pc

LONGEST = 10_000
"""Characters in a filter: room for a few hundred identifiers, too few to stall the engine."""

DEEPEST = 50
"""Parentheses and NOTs inside each other; a person needs three or four."""

_SIGNS = ("=", "==", "!=", "<>", "<", "<=", ">", ">=")


def parse(text: str, schema: "pa.Schema") -> "pc.Expression":
    """The filter as an Arrow expression over the columns of `schema`.

    Raises `UsageError` with the place marked: a word that does not fit, an unknown column, a value
    of another type than the column's, or a filter that is longer or deeper than allowed.
    """
    return _read(text, schema).expression


def columns_of(text: str, schema: "pa.Schema") -> Sequence[str]:
    """The columns that a filter speaks of. Raises as `parse` does."""
    return _read(text, schema).columns


def select(table: "pa.Table", text: str) -> Mask:
    """Which rows of `table` the filter selects: bool (rows,). Raises as `parse` does."""
    import pyarrow as pa

    parser = _read(text, table.schema)
    # Only what the filter speaks of: rows carry vectors, which a filtered table would copy.
    # By position, so that no name of the archive can clash with that of the row number.
    numbers = pa.array(np.arange(table.num_rows))
    narrow = pa.table(
        [table.column(name) for name in parser.columns] + [numbers],
        names=[*parser.columns, _free_name(parser.columns)],
    )
    mask = np.zeros(table.num_rows, dtype=bool)
    mask[narrow.filter(parser.expression).column(len(parser.columns)).to_numpy()] = True
    return mask


def _free_name(taken: list[str]) -> str:
    name = "row"
    while name in taken:
        name += "_"
    return name


def _read(text: str, schema: "pa.Schema") -> "_Parser":
    if len(text) > LONGEST:
        raise UsageError(
            f"the filter is {len(text):,} characters long; at most {LONGEST:,} are taken. "
            "Use IN (...) or LIKE instead of many comparisons"
        )
    return _Parser(text, schema)


class _Parser:
    """One pass over the words of a filter; one method a line of the grammar."""

    def __init__(self, text: str, schema: "pa.Schema") -> None:
        self._text = text
        self._schema = schema
        self._tokens = tokens_of(text)
        self._next = 0
        self._depth = 0
        self.columns: list[str] = []
        self.expression = self._either()
        if self._here.kind != "end":
            raise self._wrong("AND, OR or the end of the filter was expected here")

    @property
    def _here(self) -> Token:
        return self._tokens[self._next]

    def _wrong(self, sentence: str, token: Token | None = None) -> UsageError:
        return complaint(sentence, self._text, (token or self._here).start)

    def _take(self, *words: str) -> bool:
        """Step over the next token if it is one of these keywords or signs."""
        if self._here.kind in ("word", "sign") and self._here.text.lower() in words:
            self._next += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong(f"{word.upper()} was expected here")

    def _either(self) -> "pc.Expression":
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return _joined(parts, lambda a, b: a | b)

    def _both(self) -> "pc.Expression":
        parts = [self._test()]
        while self._take("and"):
            parts.append(self._test())
        return _joined(parts, lambda a, b: a & b)

    def _test(self) -> "pc.Expression":
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong(f"more than {DEEPEST} parentheses or NOTs inside each other")
        if self._take("not"):
            found = ~self._test()
        elif self._take("("):
            found = self._either()
            self._expect(")")
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> "pc.Expression":
        column = self._column()
        if self._here.kind == "sign" and self._take(*_SIGNS):
            return column.compare(self._tokens[self._next - 1].text, self._value(column))
        if self._take("is"):
            negated = self._take("not")
            self._expect("null")
            return column.is_nothing(negated)
        negated = self._take("not")
        found = self._membership(column)
        return ~found if negated else found

    def _membership(self, column: Column) -> "pc.Expression":
        if self._take("in"):
            return column.among(self._values(column))
        if self._take("between"):
            low = self._value(column)
            self._expect("and")
            return column.compare(">=", low) & column.compare("<=", self._value(column))
        for word, method in (("like", column.like), ("contains", column.contains)):
            token = self._here
            if self._take(word):
                if column.kind != "text":
                    raise self._wrong(f"{word.upper()} needs text; {column} is not", token)
                return method(str(self._value(column)))
        raise self._wrong("=, !=, <, >, IN, LIKE, CONTAINS, BETWEEN or IS NULL was expected here")

    def _column(self) -> Column:
        token = self._here
        if token.kind != "word":
            raise self._wrong("the name of a column was expected here, as in age < 18")
        self._next += 1
        column = column_of(token.text, self._schema, lambda why: self._wrong(why, token))
        if column.name not in self.columns:
            self.columns.append(column.name)
        return column

    def _values(self, column: Column) -> list[Value]:
        self._expect("(")
        values = [self._value(column)]
        while self._take(","):
            values.append(self._value(column))
        self._expect(")")
        return values

    def _value(self, column: Column) -> Value:
        token = self._here
        value = token.value()
        if value is None:
            raise self._wrong(_no_value(token, column))
        wrong = column.misfit(value)
        if wrong:
            raise self._wrong(wrong)
        self._next += 1
        return value


def _no_value(token: Token, column: Column) -> str:
    """Why a token that is no value cannot stand where a value is expected."""
    if token.kind != "word":
        return f"a value for {column} was expected here"
    if token.text.lower() == "null":
        return f"nothing equals NULL; write {column.name} IS NULL or {column.name} IS NOT NULL"
    return f"{token.text} is not a value; text goes in quotes: '{token.text}'"


def _joined(
    parts: "list[pc.Expression]",
    join: "Callable[[pc.Expression, pc.Expression], pc.Expression]",
) -> "pc.Expression":
    """All parts in one; as a balanced tree, since Arrow walks expressions recursively."""
    while len(parts) > 1:
        pairs = [join(a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + parts[2 * len(pairs) :]
    return parts[0]
