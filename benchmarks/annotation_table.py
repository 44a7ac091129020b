"""The figures of `benchmarks.annotation` as Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any


def table(told: Mapping[str, Any]) -> str:
    """Markdown."""
    return "\n".join([*_found(told), "", *_searched(told["search"])])


def _found(told: Mapping[str, Any]) -> Iterator[str]:
    titles = {
        "all": "all query films of which it is known",
        "that list findings": "query films whose rows list findings",
        "that list none": "query films whose rows list none, by their labels",
    }
    for part, title in titles.items():
        yield f"**{title}**: precision / recall / AUC"
        ways = told[part]
        yield "| finding | have it / known | " + " | ".join(ways) + " |"
        yield "|---" * (2 + len(ways)) + "|"
        for at, one in enumerate(next(iter(ways.values()))["findings"]):
            cells = [_cell(each["findings"][at], "") for each in ways.values()]
            yield (
                f"| {one['name']} | {one['present']} / {one['films']} | " + " | ".join(cells) + " |"
            )
        for kind in ("macro", "micro"):
            cells = [_cell(each, f"{kind}_") for each in ways.values()]
            yield f"| **{kind}** | | " + " | ".join(cells) + " |"
        yield ""


def _cell(told: Mapping[str, Any], prefix: str) -> str:
    names = [f"{prefix}{name}" for name in ("precision", "recall", "auc")]
    return " / ".join(_number(told[name]["value"]) for name in names if name in told)


def _searched(told: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    columns = list(dict.fromkeys(name for figures in told.values() for name in figures))
    yield "| text queries | " + " | ".join(columns) + " |"
    yield "|---" * (1 + len(columns)) + "|"
    for way, figures in told.items():
        yield f"| {way} | " + " | ".join(_number(figures.get(name)) for name in columns) + " |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
