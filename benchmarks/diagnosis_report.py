"""The figures of a diagnosis, with their intervals, as text and as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.asked import Asked, site_of
from benchmarks.figures import Limit, machine
from models.measures import calibration, classification, intervals
from models.measures.coverage import Coverage, coverage
from models.measures.detection import Detection, detect
from models.measures.intervals import Interval, interval
from models.measures.predictions import Chosen, Numbers, Predictions
from models.measures.selective import RiskCoverage, risk_coverage
from models.measures.weighted import share

SOURCES = {
    "within NLM": (("Shenzhen", "Montgomery"), ("normal", "tuberculosis")),
    "within NIH": (("NIH",), ("normal", "pneumonia")),
}
"""Sites of one source, and the two labels that it has."""

STRANGE = "out-of-distribution AUROC"

TARGETS = {
    "balanced accuracy": Limit(0.88, True),
    "AUC": Limit(0.965, True),
    "within NLM AUC": Limit(0.97, True),
    "within NIH AUC": Limit(0.92, True),
    "expected calibration error": Limit(0.05, False),
    STRANGE: Limit(0.97, True),
}


@dataclass(frozen=True, slots=True)
class System:
    """Something that diagnoses, what it said of every film, and where each film is from."""

    name: str
    said: Predictions
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Strange:
    """One group of other pictures: how well they are told apart, and what was answered."""

    group: str
    found: Detection
    flagged: float
    withheld: float


@dataclass(frozen=True, slots=True)
class Reached:
    """What an encoder's index reached."""

    system: System
    held: Coverage
    held_intervals: dict[str, Interval]
    calibrated: calibration.Calibration
    error: float
    error_by_chance: float
    risk: RiskCoverage
    codes: dict[str, int]
    answered_right: tuple[int, int]
    familiar_flagged: float
    strange: list[Strange]
    near: list[Strange]


def reached(
    name: str,
    said: Predictions,
    asked: Sequence[Asked],
    sets: Sequence[Sequence[str]],
    strange: Mapping[str, list[Strange]],
) -> Reached:
    """All the figures of one system; `sets`: the labels that are not ruled out of each film."""
    labels = [one.film.row["label"] for one in asked]
    sites = tuple(site_of(one.film.row["path"], one.film.row.get("site")) for one in asked)
    answered = [one for one in asked if one.diagnosis.label is not None]
    right = sum(one.diagnosis.label == one.film.row["label"] for one in answered)
    top = said.probabilities.max(axis=1)
    bins = calibration.equal_mass(top)
    value = np.array([one.novelty for one in asked])
    return Reached(
        system=System(name, said, sites),
        held=coverage(sets, labels, said.classes),
        held_intervals=_held(said, sets, labels),
        calibrated=calibration.report(said),
        error=float(calibration.expected_error(said, bins)[0]),
        error_by_chance=calibration.error_by_chance(said, bins),
        risk=risk_coverage(said),
        codes=dict(Counter(one.diagnosis.code or "answered" for one in asked)),
        answered_right=(right, len(answered)),
        familiar_flagged=float((value > 1).mean()),
        strange=strange.get("strange", []),
        near=strange.get("near", []),
    )


def strange_of(familiar: Numbers, groups: Mapping[str, Sequence[Asked]]) -> list[Strange]:
    """Each group of pictures, and all of them together, beside the familiar films."""
    together = [one for asked in groups.values() for one in asked]
    rows = []
    for name, asked in [*sorted(groups.items()), *([("all", together)] if len(groups) > 1 else [])]:
        value = np.array([one.novelty for one in asked])
        withheld = np.mean([one.diagnosis.abstained for one in asked])
        known = detect(familiar, value)
        rows.append(Strange(name, known, float((value > 1).mean()), float(withheld)))
    return rows


def _held(
    said: Predictions, sets: Sequence[Sequence[str]], labels: Sequence[str]
) -> dict[str, Interval]:
    held = np.array([label in one for one, label in zip(sets, labels, strict=True)], float)
    rows: dict[str, Chosen] = {"overall": np.ones(len(labels), bool)}
    rows |= {name: np.asarray(labels) == name for name in said.classes}

    def share_of(inside: Chosen) -> intervals.Measure:
        def measure(_: Predictions, weights: Numbers | None) -> Numbers:
            counted = np.ones((1, len(held))) if weights is None else weights
            return share(counted @ (held * inside), counted @ inside.astype(float))

        return measure

    return {name: interval(share_of(inside), said) for name, inside in rows.items()}


def scores(system: System) -> dict[str, Interval]:
    """The headline figures: over all films, and within each source."""
    said = system.said
    found = {
        "accuracy": interval(classification.accuracy, said),
        "balanced accuracy": interval(classification.balanced_accuracy, said),
        "AUC": interval(classification.macro_auc, said),
    }
    for name, (of, pair) in SOURCES.items():
        rows = np.isin(np.asarray(system.sites), of)
        if rows.any() and set(pair) <= set(said.classes):
            within = said.where(rows).between(*pair)
            found[f"{name} AUC"] = interval(classification.macro_auc, within)
    return found


def as_text(systems: Sequence[System], found: Sequence[Reached], counts: Mapping[str, Any]) -> str:
    """Tables in Markdown that read well in a terminal too."""
    sides = [
        f"{name}: {told['films']} films of {told['patients']} patients "
        f"({', '.join(f'{label} {count}' for label, count in told['labels'].items())})"
        for name, told in counts.items()
    ]
    parts = ["\n".join([*sides, "patients on both sides: none"])]
    parts.append(_headline(systems, found))
    parts += [_details(one) for one in found]
    return "\n\n".join(parts)


def _headline(systems: Sequence[System], found: Sequence[Reached]) -> str:
    told = {one.name: scores(one) for one in systems}
    told |= {f"{one.system.name}, head": scores(one.system) for one in found}
    names = list(next(iter(told.values())))
    rows = [["", *names]]
    rows += [[name, *(str(figures[n]) for n in names)] for name, figures in told.items()]
    rows.append(["target", *(str(TARGETS.get(n, "")) for n in names)])
    for one in found:
        figures = told[f"{one.system.name}, head"]
        met = [_met(n, figures[n].value) for n in names]
        rows.append([f"{one.system.name}, target met", *met])
    return _table(rows)


def _met(name: str, value: float) -> str:
    limit = TARGETS.get(name)
    return "" if limit is None else ("yes" if limit.met_by(value) else "no")


def _details(one: Reached) -> str:
    told = one.calibrated
    risk = ", ".join(f"{r:.3f} at {c:.0%}" for c, r in _risks(one.risk))
    right, answered = one.answered_right
    films = len(one.system.said)
    errors = (told.ece_equal_mass, told.ece_equal_width)
    by_mass, by_width = (_met("expected calibration error", error) for error in errors)
    rows = [
        ["", "value"],
        ["expected calibration error, 15 bins of equal mass", f"{one.error:.3f}"],
        ["- of equal width", f"{told.ece_equal_width:.3f}"],
        ["- what honest probabilities show on as many films", f"{one.error_by_chance:.3f}"],
        ["- at most 0.05, by mass; by width", f"{by_mass}; {by_width}"],
        ["Brier score; log loss", f"{told.brier:.3f}; {told.log_loss:.3f}"],
        ["90 % sets hold the true label", f"{one.held_intervals['overall']}"],
        *([f"- {n}", f"{i}"] for n, i in one.held_intervals.items() if n != "overall"),
        ["labels in a set", f"{one.held.mean_size:.2f} ({_sizes(one.held)})"],
        ["wrong among those answered", f"{risk}; area {one.risk.aurc:.3f}"],
        ["suggested", f"{answered} of {films}, right {right} ({right / max(1, answered):.3f})"],
        ["withheld", ", ".join(f"{n} {c}" for n, c in sorted(_withheld(one).items())) or "none"],
        ["queries called unlike the archive", f"{one.familiar_flagged:.3f}"],
    ]
    parts = [f"{one.system.name}\n\n{_table(rows)}"]
    for name, groups in (("other modalities and body parts", one.strange), ("near", one.near)):
        if groups:
            parts.append(_strange(name, groups))
    if one.strange:
        auroc = one.strange[-1].found.auroc
        parts.append(f"{STRANGE} {TARGETS[STRANGE]}: {_met(STRANGE, auroc)} ({auroc:.3f})")
    return "\n\n".join(parts)


def _strange(name: str, groups: Sequence[Strange]) -> str:
    rows = [[name, "pictures", "AUROC", "FPR at 95 % TPR", "called unlike", "no suggestion"]]
    for one in groups:
        figures = (one.found.auroc, one.found.fpr_at_95_tpr, one.flagged, one.withheld)
        rows.append([one.group, str(one.found.strange), *(f"{f:.3f}" for f in figures)])
    return _table(rows)


def _withheld(one: Reached) -> dict[str, int]:
    return {code: count for code, count in one.codes.items() if code != "answered"}


def _risks(risk: RiskCoverage) -> list[tuple[float, float]]:
    return [(at, risk.at(at)) for at in (1.0, 0.9, 0.8, 0.6, 0.4)]


def _sizes(held: Coverage) -> str:
    return ", ".join(f"{films} of {size}" for size, films in held.sizes.items())


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def as_json(
    systems: Sequence[System], found: Sequence[Reached], counts: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything, null where nothing can be told."""
    told = {
        one.name: {name: figure.to_json() for name, figure in scores(one).items()}
        for one in systems
    }
    return {
        "machine": machine(),
        "films": dict(counts),
        "floors": told,
        "targets": {name: str(limit) for name, limit in TARGETS.items()},
        "encoders": {one.system.name: _object(one) for one in found},
    }


def _object(one: Reached) -> dict[str, Any]:
    def told(groups: Sequence[Strange]) -> dict[str, Any]:
        return {
            g.group: {**g.found.to_json(), "flagged": g.flagged, "withheld": g.withheld}
            for g in groups
        }

    return {
        "scores": {n: figure.to_json() for n, figure in scores(one.system).items()},
        "classification": classification.report(one.system.said).to_json(),
        "calibration": one.calibrated.to_json() | {"ece_by_chance": one.error_by_chance},
        "coverage": one.held.to_json()
        | {"intervals": {name: found.to_json() for name, found in one.held_intervals.items()}},
        "risk_coverage": one.risk.to_json(),
        "codes": one.codes,
        "suggested": dict(zip(("right", "films"), one.answered_right, strict=True)),
        "familiar_flagged": one.familiar_flagged,
        "strange": told(one.strange),
        "near": told(one.near),
    }
