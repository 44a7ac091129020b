"""Which films are to be made, of which, in which way."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from indexer.augment.asked import MOST, Asked
from indexer.augment.originals import Original
from models.augmenting import PAIRED

TRIED = 3  # partners of whom one must have a lesion


@dataclass(frozen=True, slots=True)
class Making:
    """A film to be made. `path`: in the enlarged archive, without its ending.

    `partners`: of other patients of the origin's circle; the first that serves is taken. `seed`:
    decides all that is drawn.
    """

    path: str
    way: str
    origin: Original
    partners: tuple[Original, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The films to be made, and remarks on what cannot be."""

    makings: tuple[Making, ...]
    remarks: tuple[str, ...]


def plan(originals: Sequence[Original], groups: Mapping[str, str], asked: Asked) -> Plan:
    """The films to be made of the usable originals; the ways take turns.

    `groups`: the circle of each patient. The same archive and settings give the same plan.
    """
    usable = [one for one in originals if one.usable]
    counts, remarks = _counts(originals, usable, asked)
    circle: dict[tuple[str, tuple[str, ...]], list[Original]] = defaultdict(list)
    for one in usable:
        circle[groups[one.patient], one.stratum].append(one)
    makings: list[Making] = []
    impossible: Counter[str] = Counter()
    for one in usable:
        others = [o for o in circle[groups[one.patient], one.stratum] if o.patient != one.patient]
        partners = {way: _partners(way, one, others, asked) for way in asked.ways}
        possible = [way for way in asked.ways if way not in PAIRED or partners[way]]
        impossible.update(set(asked.ways) - set(possible))
        if not possible:
            continue
        for number in range(counts[one.key]):
            # Counted over all films, so that a film with fewer turns does not favour the first way.
            way = possible[len(makings) % len(possible)]
            makings.append(_making(one, way, partners[way], number, asked.seed))
    remarks += [
        f"films that cannot be made by {way}: {count} ({_WHY[way]})"
        for way, count in sorted(impossible.items())
    ]
    return Plan(tuple(makings), tuple(remarks))


_ALONE = "no other patient of the class, modality, body part and view in their circle"
_WHY = {
    "mix": _ALONE,
    "intensity": _ALONE,
    "lesion": "a healthy class, no lungs to be found, or " + _ALONE,
}


def _counts(
    originals: Sequence[Original], usable: Sequence[Original], asked: Asked
) -> tuple[dict[str, int], list[str]]:
    """How many films are to be made of each usable original, by key."""
    counts = dict.fromkeys((one.key for one in usable), asked.times)
    if not asked.balance:
        return counts, []
    there = Counter(one.label for one in originals if one.label and not one.apart)
    serving: dict[str, list[Original]] = defaultdict(list)
    for one in usable:
        if one.label:
            serving[one.label].append(one)
    wanted = max(
        (there[label] + asked.times * len(ones) for label, ones in serving.items()), default=0
    )
    remarks = []
    for number, (label, ones) in enumerate(sorted(serving.items())):
        needed = wanted - there[label]
        if needed > MOST * len(ones):
            remarks.append(
                f"a class is too small to be balanced with at most {MOST} films made of one"
            )
            needed = MOST * len(ones)
        order = np.random.default_rng([asked.seed, number]).permutation(len(ones))
        for place, row in enumerate(order):
            counts[ones[row].key] = needed // len(ones) + (place < needed % len(ones))
    return counts, remarks


def _partners(way: str, one: Original, others: Sequence[Original], asked: Asked) -> list[Original]:
    if way not in PAIRED:
        return []
    if way != "lesion":
        return list(others)
    if one.label.casefold() in asked.healthy:
        return []
    return [o for o in others if o.lesion or (o.region and not o.colour)]


def _making(
    one: Original, way: str, partners: Sequence[Original], number: int, seed: int
) -> Making:
    digest = hashlib.sha256(f"{seed}|{one.key}|{way}|{number}".encode()).digest()
    drawn = int.from_bytes(digest[:7], "little")  # JSON holds 53 bits exactly everywhere
    order = np.random.default_rng(drawn).permutation(len(partners))
    wanted = TRIED if way == "lesion" else 1
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", PurePosixPath(one.key).stem)[:60]
    named = hashlib.sha256(one.key.encode()).hexdigest()[:8]
    return Making(
        path=f"made/{way}/{stem}-{named}-{number + 1}",
        way=way,
        origin=one,
        partners=tuple(partners[place] for place in order[:wanted]),
        seed=drawn,
    )
