"""What a trained annotator is worth, in figures: `report.json` of its training run."""

from typing import TYPE_CHECKING, Any

import numpy as np

from models.measures import findings
from models.measures.findings import NamedFindings

if TYPE_CHECKING:
    from indexer.learn.annotator import AnnotatorAnswers, AnnotatorLearned

SCHEMA = 1


def annotator_figures(learned: "AnnotatorLearned") -> dict[str, Any]:
    """The figures of an annotator, as JSON.

    `test`: precision, recall and AUC of each finding on the test films of which it is known, macro
    and micro, with 95 % intervals over patients. `within`: the AUC in each source. `prevalence`:
    each finding's share among the training films, the precision of saying it of every film.
    """
    answers = learned.answers
    named = named_findings(answers)
    fits = answers.dice[~np.isnan(answers.dice)]
    return {
        "schema": SCHEMA,
        "model": str(learned.spec.name),
        "findings": list(answers.findings),
        "regions": list(learned.regions),
        "left_out": learned.left_out,
        "films": learned.counts,
        "remarks": list(learned.remarks),
        "thresholds": dict(zip(answers.findings, answers.thresholds, strict=True)),
        "prevalence": dict(zip(answers.findings, answers.prevalence, strict=True)),
        "test": findings.report(named),
        "within": _within(answers, named),
        "dice": {"films": int(fits.size), "mean": float(fits.mean()) if fits.size else None},
        "history": list(learned.history),
    }


def named_findings(answers: "AnnotatorAnswers") -> NamedFindings:
    """The answers as the measures take them."""
    return NamedFindings(
        names=answers.findings,
        scores=np.asarray(answers.probabilities, np.float64),
        said=answers.probabilities >= np.asarray(answers.thresholds, np.float32),
        truth=np.asarray(answers.truth, np.float64),
        groups=answers.patients,
    )


def _within(answers: "AnnotatorAnswers", named: NamedFindings) -> dict[str, dict[str, Any]]:
    """Each source's figures; a source in which nothing can be told apart is left out.

    Films of different hospitals can be told apart without looking at any disease.
    """
    sources = np.asarray(answers.sources, dtype=str)
    found = {}
    for source in sorted(set(answers.sources) - {""}):
        here = sources == source
        part = NamedFindings(
            named.names,
            named.scores[here],
            named.said[here],
            named.truth[here],
            tuple(patient for patient, kept in zip(named.groups, here, strict=True) if kept),
        )
        told = findings.report(part)
        if told["macro_auc"]["value"] is not None:
            found[source] = told
    return found
