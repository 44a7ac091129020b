"""What a suggestion is worth, in sentences that a doctor reads."""

from collections.abc import Iterator

from retrieval.answer import Diagnosis, Precedent


def explained(diagnosis: Diagnosis) -> Iterator[str]:
    """Sentences beside the probabilities of a differential: what it leaves open, and how sure."""
    if diagnosis.precedent is not None:
        yield _precedent(diagnosis.precedent)
    yield from _left_open(diagnosis)
    if diagnosis.atypical:
        yield "The scan is typical of none of the labels: read the suggestion with care."
    if diagnosis.judged and diagnosis.calibration_error is not None:
        yield (
            f"Checked on {diagnosis.judged:,} cases of this archive, each left out: the "
            f"probabilities were off by {100 * diagnosis.calibration_error:.0f} of 100 on average."
        )
    if diagnosis.note:
        yield f"The probabilities could not be checked: {diagnosis.note}."


def speaks_against(diagnosis: Diagnosis) -> str:
    """How the nearest case with another label is announced."""
    if diagnosis.label is None:
        return "Nearest case with another diagnosis than the first one's"
    return "Nearest case that speaks against it"


def _left_open(diagnosis: Diagnosis) -> Iterator[str]:
    names = ", ".join(diagnosis.set)
    if diagnosis.coverage is None:
        if len(diagnosis.set) > 1:
            yield f"Not told apart: {names}."
        return
    wrongly = 100 * (1 - diagnosis.coverage)
    kept = "Every other label is ruled out." if len(diagnosis.set) == 1 else ""
    yield (
        f"{kept or f'Not ruled out: {names}.'} In about {wrongly:.0f} of 100 cases, whatever their "
        "diagnosis, it is ruled out wrongly."
    )


def _precedent(precedent: Precedent) -> str:
    of_hundred = round(100 * precedent.right / precedent.cases)
    was = f"were {precedent.label}" if precedent.label else "had the suggested label"
    return (
        f"Of {precedent.cases} scans of this archive with such an answer, {precedent.right} {was} "
        f"({of_hundred} of 100)."
    )
