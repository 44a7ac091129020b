"""Circles of patients: films are mixed within one of them only.

If any two patients of a class could be mixed, every chain of mixed films would end up as one group
that no split may cut, and there would be nothing left to split. In circles of a few there is.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from indexer.augment.originals import Original

SIZE = 4
"""Patients of a circle, at most. Set beforehand, not by any figure: of thirty patients of a class
seven or eight circles remain for a split to draw from."""


def circles(originals: Sequence[Original], paired: bool, seed: int) -> dict[str, str]:
    """The name of each patient's circle, over the patients of usable originals.

    A patient is in one circle, with others whose first film is of the same stratum; where nothing
    is paired, or nobody else is of that stratum, he is alone, and so are those without a label. The
    name is the patient's for one, and all of theirs for several, and no other patient has it.
    """
    first: dict[str, Original] = {}
    for one in originals:
        if one.usable:
            first.setdefault(one.patient, one)
    strata: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for patient in sorted(first):
        strata[first[patient].stratum].append(patient)
    taken = {one.patient for one in originals}
    named: dict[str, str] = {}
    for number, stratum in enumerate(sorted(strata)):
        patients = strata[stratum]
        alone = not (paired and stratum[0])
        for circle in _drawn(patients, 1 if alone else SIZE, np.random.default_rng([seed, number])):
            named |= dict.fromkeys(circle, _name(circle, taken))
    return named


def _drawn(patients: Sequence[str], size: int, rng: np.random.Generator) -> list[list[str]]:
    """Circles of about one size: none of one where there could be two in it."""
    order = [patients[place] for place in rng.permutation(len(patients))]
    parts = np.array_split(np.arange(len(order)), -(-len(order) // size))
    return [sorted(order[place] for place in part) for part in parts]


def _name(circle: Sequence[str], taken: set[str]) -> str:
    if len(circle) == 1:
        return circle[0]
    name = " + ".join(circle)
    while name in taken:
        name += " +"
    taken.add(name)
    return name
