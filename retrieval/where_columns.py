"""A column in a filter: which values fit it, and what a comparison with it means in Arrow."""

import difflib
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from models.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc

Value = str | int | float | bool

ColumnKind = Literal["text", "number", "boolean", "other"]

_OPERATORS: dict[str, Callable[..., "pc.Expression"]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    `field`: its values as text, int64, float64 or boolean, with null where nothing was said.
    `whole`: whether its numbers are integers.
    """

    name: str
    kind: ColumnKind
    field: "pc.Expression"
    whole: bool = False

    def __str__(self) -> str:
        """The name with its kind, as messages say it."""
        return f"{self.name} ({self.kind})"

    def misfit(self, value: Value) -> str:
        """Why `value` cannot be compared with this column, with the way out; empty if it can."""
        if self.kind == "text":
            if not isinstance(value, str):
                return f"{self.name} is text; write its value in quotes: '{value}'"
            return "" if value else f"no case equals ''; write {self.name} IS NULL"
        if self.kind == "number":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            return "" if fits else f"{self.name} is a number; write its value without quotes"
        if self.kind == "boolean":
            return "" if isinstance(value, bool) else f"{self.name} is either true or false"
        return f"{self.name} holds neither text nor numbers; only IS NULL and IS NOT NULL fit it"

    def compare(self, sign: str, value: Value) -> "pc.Expression":
        """Column, sign, value; unknown where the column holds nothing."""
        import pyarrow.compute as pc

        return _OPERATORS[sign](self.field, pc.scalar(value))

    def among(self, values: list[Value]) -> "pc.Expression":
        """Whether the column holds one of the values; unknown where it holds nothing."""
        import pyarrow as pa
        import pyarrow.compute as pc

        field = self.field
        if self.kind == "number" and not (self.whole and all(type(v) is int for v in values)):
            field, values = field.cast(pa.float64()), [float(value) for value in values]
        # Arrow's own answer for a null is False, and NOT would make it True.
        found: pc.Expression = pc.if_else(field.is_null(), _nothing(pa.bool_()), field.isin(values))
        return found

    def is_nothing(self, negated: bool) -> "pc.Expression":
        """Whether the column holds nothing (or, negated, something)."""
        nothing: pc.Expression = self.field.is_null()
        return ~nothing if negated else nothing

    def like(self, pattern: str) -> "pc.Expression":
        r"""SQL's LIKE over the whole text, in any case: % any run, _ any one, \ takes the next."""
        import pyarrow.compute as pc

        return pc.match_substring_regex(self.field, _regex(pattern))

    def contains(self, words: str) -> "pc.Expression":
        """Whether the text contains `words` as written, in any case."""
        import pyarrow.compute as pc

        return pc.match_substring(self.field, words, ignore_case=True)


def _regex(pattern: str) -> str:
    """A LIKE pattern for RE2, which has no backtracking to be abused."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return r"(?is)\A" + "".join(wild.get(p) or re.escape(p[-1]) for p in parts) + r"\z"


def column_of(name: str, schema: "pa.Schema", wrong: Callable[[str], UsageError]) -> Column:
    """The column that a filter calls `name`: exactly, or else in any case.

    Raises what `wrong` makes of a sentence: there is no such column (with the closest name and all
    that there are), or two differ only in case.
    """
    name = name.strip("`")
    near = [known for known in schema.names if known.lower() == name.lower()]
    if name in near:
        near = [name]
    if len(near) > 1:
        raise wrong(f"{name} may be any of {', '.join(near)}; write it exactly")
    if not near:
        raise wrong(_unknown(name, schema.names))
    return _typed(near[0], schema.field(near[0]).type)


def _unknown(name: str, known: list[str]) -> str:
    lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), lower, n=1)
    meant = f"; did you mean {lower[close[0]]}?" if close else "."
    return f"there is no column {name}{meant} There are: {', '.join(known)}"


def _typed(name: str, of: "pa.DataType") -> Column:
    import pyarrow as pa
    import pyarrow.compute as pc

    field = pc.field(name)
    kind = of.value_type if isinstance(of, pa.DictionaryType) else of
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = field.cast(pa.string())
        return Column(name, "text", pc.if_else(text == "", _nothing(pa.string()), text))
    if pa.types.is_floating(kind):
        number = field.cast(pa.float64())
        said = pc.if_else(pc.is_nan(number), _nothing(pa.float64()), number)
        return Column(name, "number", said)
    if pa.types.is_integer(kind):
        return Column(name, "number", field.cast(pa.int64()), whole=True)
    if pa.types.is_boolean(kind):
        return Column(name, "boolean", field)
    return Column(name, "other", field)


def _nothing(of: "pa.DataType") -> "pc.Expression":
    import pyarrow as pa
    import pyarrow.compute as pc

    nothing: Any = pa.scalar(None, of)
    return pc.scalar(nothing)
