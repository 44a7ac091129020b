"""What an archive's scans are of, as their headers say, and whether a new one is of the same.

Only what is said counts, on both sides, and only in DICOM's own names or in those that stand for
them here. A picture without a header is of no other kind, nor is one that a manifest calls by a
free word.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_SAME_MODALITY = {
    **dict.fromkeys(("DX", "DR", "RG", "XR", "PX", "XRAY", "RADIOGRAPH", "CXR"), "CR"),
    **{"MRI": "MR", "PET": "PT", "ULTRASOUND": "US"},
}
"""Projection radiography goes by several names (PS3.3 C.7.3.1.1.1 and what came before it)."""

_SAME_BODY_PART = {
    **{"THORAX": "CHEST", "LUNG": "CHEST", "LUNGS": "CHEST", "SKULL": "HEAD", "ABD": "ABDOMEN"},
    **dict.fromkeys(("CSPINE", "TSPINE", "LSPINE", "SSPINE"), "SPINE"),
}

_MODALITIES = frozenset(
    (
        "BI", "CR", "CT", "ECG", "EPS", "ES", "GM", "IO", "IVUS", "MG", "MR", "NM", "OAM", "OCT",
        "OP", "OPT", "PT", "RF", "SM", "US", "XA", "XC",
    )
)  # fmt: skip
"""Of PS3.3 C.7.3.1.1.1, those that are pictures of somebody; OT and SC say nothing."""

_PARTS = frozenset(
    (
        "ABDOMEN", "ANKLE", "ARM", "BLADDER", "BRAIN", "BREAST", "CALF", "CHEST", "CLAVICLE",
        "COLON", "ELBOW", "EYE", "FINGER", "FOOT", "FOREARM", "HAND", "HEAD", "HEART", "HIP",
        "HUMERUS", "JAW", "KIDNEY", "KNEE", "LEG", "LIVER", "NECK", "ORBIT", "PANCREAS", "PELVIS",
        "PROSTATE", "RIB", "SHOULDER", "SKIN", "SPINE", "SPLEEN", "STOMACH", "THIGH", "THYROID",
        "TOE", "UTERUS", "WRIST",
    )
)  # fmt: skip
"""Body parts, by the words of PS3.16 annex L that name them."""

_MOST = 0.5
"""At least this share of the labelled cases has to say what it is of."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """How many labelled cases there are of each kind; `cases`: also those that say none."""

    cases: int = 0
    modality: Mapping[str, int] = field(default_factory=dict)
    body_part: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, modalities: Sequence[str | None], body_parts: Sequence[str | None]) -> "Kinds":
        """Of the labelled cases' columns, as they stand in the table."""
        return cls(
            len(modalities),
            _counted(map(_modality, modalities)),
            _counted(map(_body_part, body_parts)),
        )

    def without(self, modality: str, body_part: str) -> str | None:
        """Why a scan of that kind is none of the archive's, or None if it may be.

        The names go into the sentence as they stand in the table of what is known here; what a
        header says in its own words does not.
        """
        if self._lacks(self.modality, _modality(modality)):
            return (
                "the scan is of another modality than the labelled cases, which are "
                f"{_most(self.modality)}"
            )
        asked = _body_part(body_part)
        alike = any(set(asked.split()) & set(known.split()) for known in self.body_part)
        if self._lacks(self.body_part, asked) and not alike:
            return (
                "the scan is of another body part than the labelled cases, which are "
                f"{_most(self.body_part)}"
            )
        return None

    def _lacks(self, known: Mapping[str, int], asked: str) -> bool:
        enough = sum(known.values()) >= max(1, _MOST * self.cases)
        return bool(asked) and enough and asked not in known


def _modality(told: str | None) -> str:
    name = (told or "").strip().upper().replace("-", "").replace(" ", "")
    name = _SAME_MODALITY.get(name, name)
    return name if name in _MODALITIES else ""


def _body_part(told: str | None) -> str:
    words = (told or "").strip().upper().replace("_", " ").replace("-", " ").split()
    return " ".join(part for word in words if (part := _SAME_BODY_PART.get(word, word)) in _PARTS)


def _counted(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        if name:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _most(counts: Mapping[str, int]) -> str:
    """The three most frequent names."""
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    return ", ".join(ordered[:3]) + (" and others" if len(ordered) > 3 else "")
