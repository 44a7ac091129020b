"""What a scan is of, as its header or a manifest says, in DICOM's own names.

Free words are none: what is not among the names here says nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_FILM = "CR"
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

_FROM_THE_SIDE = frozenset(
    (
        *("LL", "RL", "LLO", "RLO", "L", "LAT", "LATERAL"),
        *("LAO", "RAO", "LPO", "RPO", "OBL", "OBLIQUE"),
    )
)
"""Words of View Position (0018,5101), and how the same is written elsewhere."""

_WITHIN = {
    **dict.fromkeys(("BRAIN", "EYE", "JAW", "ORBIT"), "HEAD"),
    **dict.fromkeys(("HEART", "RIB"), "CHEST"),
    **dict.fromkeys(("COLON", "KIDNEY", "LIVER", "PANCREAS", "SPLEEN", "STOMACH"), "ABDOMEN"),
    **dict.fromkeys(("BLADDER", "PROSTATE", "UTERUS"), "PELVIS"),
}
"""Parts of a part: a head is no other part than a brain."""

_NEARLY_ALL = 0.9


def modality_of(told: str | None) -> str:
    """The modality in DICOM's own name, or "" where it is none of a picture's that is known."""
    name = (told or "").strip().upper().replace("-", "").replace(" ", "")
    name = _SAME_MODALITY.get(name, name)
    return name if name in _MODALITIES else ""


def body_part_of(told: str | None) -> str:
    """The body parts in DICOM's own names, parted by spaces; "" where none is known."""
    words = (told or "").strip().upper().replace("_", " ").replace("-", " ").split()
    return " ".join(part for word in words if (part := _SAME_BODY_PART.get(word, word)) in _PARTS)


def kinds_of(told: Sequence[str], term: Callable[[str], str]) -> tuple[str, ...]:
    """The different terms of scans, sorted; none unless nine tenths of the scans say one.

    `told`: one field of each scan. `term`: `modality_of` or `body_part_of`.
    """
    said = [found for one in told if (found := term(one))]
    return tuple(sorted(set(said))) if len(said) >= _NEARLY_ALL * len(told) else ()


def share_a_part(asked: str, known: Iterable[str]) -> bool:
    """Whether one of `known` is a body part of `asked`, or within one, or has one within it.

    All as `body_part_of` gives them.
    """
    parts = set(asked.split())
    return any(
        parts & _with_containing(set(one.split())) or _with_containing(parts) & set(one.split())
        for one in known
    )


def _with_containing(parts: set[str]) -> set[str]:
    return parts | {_WITHIN[part] for part in parts if part in _WITHIN}


def another_kind(
    facts: Mapping[str, Any], modalities: Sequence[str], body_parts: Sequence[str]
) -> bool:
    """Whether a scan says that it is of none of these; where one side says nothing, it is not.

    `facts`: `modality` and `body_part`, where known.
    """
    modality = modality_of(facts.get("modality"))
    part = body_part_of(facts.get("body_part"))
    known = {modality_of(one) for one in modalities} - {""}
    parts = {body_part_of(one) for one in body_parts} - {""}
    return bool(
        (modality and known and modality not in known)
        or (part and parts and not share_a_part(part, parts))
    )


def may_be_frontal_chest(facts: Mapping[str, Any]) -> bool:
    """Whether nothing that is said of a scan speaks against a chest film from the front.

    `facts`: `modality`, `body_part` and `view`, where known.
    """
    part = body_part_of(facts.get("body_part"))
    return (
        modality_of(facts.get("modality")) in ("", _FILM)
        and (not part or "CHEST" in part.split())
        and not _FROM_THE_SIDE & set(re.findall("[A-Z]+", str(facts.get("view") or "").upper()))
    )
