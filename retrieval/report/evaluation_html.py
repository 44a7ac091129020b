"""An evaluation as one HTML page: figures, curves, and the worst queries as pictures.

Made as the page of an answer is (`retrieval.report.html`): it needs nothing beside it, runs no
script and may load nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from retrieval.evaluation.figures import Evaluation
from retrieval.report import DISCLAIMER
from retrieval.report.curves import Curve, Plot, plot_of
from retrieval.report.evaluation import headline
from retrieval.report.html import data_uri, environment

_TITLES = {
    "hit_rate": "Hit rate: anything relevant among the first k",
    "precision": "Precision: the share of the first k that is relevant",
    "recall": "Recall: the share of all relevant cases among the first k",
}


@dataclass(frozen=True, slots=True)
class Pictures:
    """JPEGs by instance row: of the cases that ask, and of those that can be found."""

    asked: Mapping[int, bytes]
    found: Mapping[int, bytes]


def render(told: Evaluation, pictures: Pictures, made: datetime | None = None) -> str:
    """The page. `made`: when; now, if not given."""
    names = headline(told)
    return (
        environment()
        .get_template("evaluation.html.j2")
        .render(
            told=told,
            headline=[(name, told.measures.index(name)) for name in names],
            plots=[_plot(told, name) for name in _TITLES],
            asked={row: data_uri(jpeg) for row, jpeg in pictures.asked.items() if jpeg},
            found={row: data_uri(jpeg) for row, jpeg in pictures.found.items() if jpeg},
            made=(made or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M"),
            disclaimer=DISCLAIMER,
        )
    )


def _plot(told: Evaluation, name: str) -> Plot:
    curves = [Curve(system.name, system.curves[name]) for system in told.systems]
    return plot_of(_TITLES[name], [one for one in curves if one.values])
