"""An evaluation as a table for a terminal, and as JSON."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from models.measures.intervals import Interval
from models.measures.means import Means
from models.measures.predictions import plain
from retrieval.evaluation.figures import Asked, Evaluation, Found
from retrieval.report.drawn import columns
from retrieval.report.shown import one_line

SCHEMA = 1


def headline(told: Evaluation) -> tuple[str, ...]:
    """The measures that a first look needs: hits at each cut, and each other once."""
    cuts = [name.partition("@")[2] for name in told.measures if name.startswith("hit_rate@")]
    middle, last = cuts[len(cuts) // 2], cuts[-1]
    wanted = [f"hit_rate@{cut}" for cut in cuts]
    wanted += [f"precision@{middle}", f"recall@{last}", f"nDCG@{last}", "mAP", "MAP@R"]
    return tuple(name for name in wanted if name in told.measures)


def as_table(told: Evaluation) -> str:
    """For a person; without a line break at the end."""
    return "\n".join(_lines(told))


def _lines(told: Evaluation) -> Iterator[str]:
    counts = told.counts
    yield f"Index  {one_line(told.index)}  (generation {told.generation}, {counts['cases']} cases)"
    labels = ", ".join(f"{one_line(label)} {n}" for label, n in told.labels.items())
    patients = f" of {counts['patients asking']} patients" if counts["patients asking"] else ""
    yield f"Asked  {counts['questions']} cases{patients} ({labels}); {told.by}"
    names = headline(told)
    places = [told.measures.index(name) for name in names]
    yield ""
    yield "Means over queries"
    rows = [["", *names]]
    rows += [
        [system.name, *(_value(system.means[at].micro.value) for at in places)]
        for system in told.systems
    ]
    yield from columns(rows)
    yield ""
    yield f"{told.systems[0].name}, with 95 % intervals (patients drawn again)"
    ours = [
        [name, str(one.micro), str(one.macro)]
        for name, one in zip(told.measures, told.systems[0].means, strict=True)
    ]
    yield from columns([["", "queries alike (micro)", "labels alike (macro)"], *ours])
    yield from _compared(told)
    yield from _groups(told)
    yield ""
    hubs = told.hubness
    yield (
        f"Hubs   of {told.counts['labelled']} labelled cases {hubs.never:.1%} are among no query's "
        f"first {hubs.k}; the most found one is there {_value(hubs.most, 1)} times as often as if "
        f"all were alike; skewness {_value(hubs.skewness, 2)}"
    )
    yield f"Search it finds {_value(told.search_recall)} of the 10 nearest that comparing all gives"
    if told.remarks:
        yield ""
        yield from (f"- {one_line(remark)}" for remark in told.remarks)


def _compared(told: Evaluation) -> Iterator[str]:
    if not told.compared:
        return
    yield ""
    yield f"{told.systems[0].name} less the other, on the same queries (p: of no difference)"
    rows = [["", *dict.fromkeys(one.measure for one in told.compared)]]
    for name in dict.fromkeys(one.name for one in told.compared):
        cells = [
            f"{_signed(one.difference.interval)}  p {_p(one.difference.p)}"
            for one in told.compared
            if one.name == name
        ]
        rows.append([one_line(name), *cells])
    yield from columns(rows)


def _groups(told: Evaluation) -> Iterator[str]:
    if not told.groups:
        return
    shown = ("hit_rate@1", "mAP")
    places = [told.measures.index(name) for name in shown if name in told.measures]
    names = [name for name in shown if name in told.measures]
    yield ""
    yield "By group; within: only cases of the same group can be found"
    rows = [["", "queries", *names, *(f"{name} within" for name in names)]]
    for group in told.groups:
        within = [""] * len(places)
        if group.within is not None:
            within = [str(group.within[at].micro) for at in places]
        cells = [str(group.everywhere[at].micro) for at in places]
        named = f"{group.column} {one_line(group.value)}"
        rows.append([named, str(group.questions), *cells, *within])
    yield from columns(rows)


def _value(value: float, digits: int = 3) -> str:
    return "-" if np.isnan(value) else f"{value:.{digits}f}"


def _signed(interval: Interval) -> str:
    if np.isnan(interval.value):
        return "-"
    if np.isnan(interval.low):
        return f"{interval.value:+.3f}"
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


def _p(p: float) -> str:
    if np.isnan(p):
        return "-"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def as_json(told: Evaluation) -> str:
    """For a program; what cannot be told is null."""
    return json.dumps(_object(told), indent=1, allow_nan=False)


def _object(told: Evaluation) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "index": {"path": told.index, "generation": told.generation},
        "by": told.by,
        "counts": dict(told.counts),
        "labels": dict(told.labels),
        "measures": list(told.measures),
        "systems": {
            system.name: {
                "means": _means(told.measures, system.means),
                "curves": {name: list(values) for name, values in system.curves.items()},
            }
            for system in told.systems
        },
        "compared": [
            {
                "with": one.name,
                "measure": one.measure,
                "questions": one.questions,
                "difference": one.difference.interval.to_json(),
                "p": plain(one.difference.p),
            }
            for one in told.compared
        ],
        "groups": [
            {
                "column": group.column,
                "value": group.value,
                "questions": group.questions,
                "everywhere": _means(told.measures, group.everywhere),
                "within": None if group.within is None else _means(told.measures, group.within),
            }
            for group in told.groups
        ],
        "hubness": {
            "k": told.hubness.k,
            "skewness": plain(told.hubness.skewness),
            "never_found": plain(told.hubness.never),
            "most_over_mean": plain(told.hubness.most),
            "hubs": [{**_found(case), "times": times} for case, times in told.hubs],
        },
        "search_recall": plain(told.search_recall),
        "unanswerable": told.unanswerable,
        "remarks": list(told.remarks),
        "queries": [_asked(one) for one in told.asked],
    }


def _means(names: Sequence[str], told: Sequence[Means]) -> dict[str, Any]:
    return {
        name: {"micro": one.micro.to_json(), "macro": one.macro.to_json()}
        for name, one in zip(names, told, strict=True)
    }


def _found(case: Found) -> dict[str, Any]:
    return {"case_id": case.case_id, "label": case.label}


def _asked(one: Asked) -> dict[str, Any]:
    return {
        "case_id": one.case_id,
        "patient_id": one.patient_id or None,
        "label": one.label,
        "average_precision": plain(one.average_precision),
        "found": [_found(case) for case in one.found],
    }
