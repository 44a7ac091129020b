"""How a picture lies in the patient: which side its edges are on."""

import numpy as np
from pydicom.dataset import Dataset

from indexer.read.dicom.groups import Groups
from indexer.read.dicom.values import numbers, text

_AXES = (("L", "R"), ("P", "A"), ("H", "F"))
"""Towards which x, y and z grow, and the opposite (PS3.3 C.7.6.2.1.1: LPS)."""

_OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "H": "F", "F": "H"}
_OBLIQUE = 0.35  # of a direction's length: less than that is not named


def edges_of(dataset: Dataset) -> dict[str, str] | None:
    """`left`, `right`, `top`, `bottom`, each as letters of L R A P H F; None where it is not said.

    From the plane's orientation, else from Patient Orientation (PS3.3 C.7.6.1.1.1).
    """
    holder = Groups(dataset).holder(0, "PlaneOrientationSequence")
    cosines = numbers(holder, "ImageOrientationPatient")
    if len(cosines) == 6 and np.isfinite(cosines).all():
        right, bottom = _letters(cosines[:3]), _letters(cosines[3:])
    else:
        said = text(dataset, "PatientOrientation").upper().split("\\")
        if len(said) != 2:
            return None
        right, bottom = ("".join(one for one in part if one in _OPPOSITE)[:3] for part in said)
    if not right or not bottom:
        return None
    return {"left": _other(right), "right": right, "top": _other(bottom), "bottom": bottom}


def _letters(direction: tuple[float, ...] | list[float]) -> str:
    """The main direction first, then what else it leans to."""
    order = sorted(range(3), key=lambda axis: -abs(direction[axis]))
    return "".join(
        _AXES[axis][direction[axis] < 0] for axis in order if abs(direction[axis]) >= _OBLIQUE
    )


def _other(letters: str) -> str:
    return "".join(_OPPOSITE[letter] for letter in letters)
