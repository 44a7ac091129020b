"""Whether a picture lies as those of the archive do: turned, or inverted, told by its embedding.

No labels are needed: turned and inverted copies of the archive's own films are the examples. An
embedding of a CNN changes so much with them that a linear discriminant tells them apart, where the
body has an upper and a lower end. Where it has none (skin, histology) the head says nothing.

Whether a film is mirrored cannot be told this way: of 364 chest films and their mirror images 65 %
were told right (docs/check.md). Nor can it be told on which side a film lies: of adults' chest
films 85 to 91 % were told right, of children's that lie on their right side 23 %. So both are one
finding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from models.arrays import FloatImage, Mask
from models.heads.leave_out import Indices
from models.heads.shrunk_lda import ShrunkLda

KINDS = ("upright", "left", "over", "right", "inverted")
"""As it is, turned by 90 degrees to the left, by 180, by 90 to the right; black for white."""

FINDINGS = {
    "left": "rotated: looks turned by 90 degrees, to the left or to the right",
    "over": "rotated: looks upside down, turned by 180 degrees",
    "right": "rotated: looks turned by 90 degrees, to the left or to the right",
    "inverted": "inverted: looks as if black and white were exchanged",
}
"""What is said of a picture; a text begins with its code."""

UNKNOWN = "unknown"
"""The group of films whose modality and body part nobody said."""

FOLDS = 4
SHRINKAGE = 0.5
FALSE_SHARE = 0.01
"""Of an archive's own films at most about this share is flagged by mistake, over all kinds."""

_KEPT = 0.9  # share of turned films that a kind must find; a kind that finds fewer is not told
_SPREADS = 4.0  # how far, in robust standard deviations, upright films have to be from that
_MOST_FLAGGED = 0.1  # more films than these cannot lie wrong: then the two are not told apart
_SAME_PICTURE = 0.9  # median cosine between a film's embedding and its preview's
_MOST_SWAPPED = 0.25
_ROUNDS = 3
_MEMBERS = 0.995  # share of films, turned or not, that are near enough to be judged
_SLACK = 0.05  # of a cosine; for chest films that lies halfway to pictures of other kinds
_MAD = 1.4826  # from the median deviation to the standard deviation of a normal distribution


@dataclass(frozen=True, slots=True)
class OrientationHead:
    """What was fitted on one group of films. `group`: modality and body part.

    `lda`: over `KINDS`. `centres`: float32 (kinds, dim), unit length, where the films of each kind
    lie; what has no cosine of `floor` with any of them is another kind of picture and is not
    judged. `limits`: by how much more likely than upright a kind has to be, only for those that can
    be told. `found`: share of turned films that each of them finds, cross-fitted.
    """

    group: str
    lda: ShrunkLda
    centres: FloatImage
    floor: float
    limits: dict[str, float]
    found: dict[str, float]

    def nearness(self, embeddings: FloatImage) -> FloatImage:
        """How near each picture is to the films that this was fitted on: float32 (n,), cosines."""
        return np.asarray((embeddings @ self.centres.T).max(axis=1), np.float32)

    def kinds(self, embeddings: FloatImage) -> list[str]:
        """How each picture lies: one of `KINDS`."""
        if not self.limits:
            return [KINDS[0]] * len(embeddings)
        names = list(self.limits)
        excess = _margins(self.lda, embeddings)[:, [KINDS.index(name) - 1 for name in names]]
        excess = excess - np.array(list(self.limits.values()), np.float32)
        best = excess.argmax(axis=1)
        over = excess.max(axis=1) > 0
        return [names[at] if odd else KINDS[0] for at, odd in zip(best, over, strict=True)]


@dataclass(frozen=True, slots=True)
class OrientationHeads:
    """One head for each group of films for which there is one.

    `declined`: each other group and why it has none. `rivals`: float32 (m, dim), unit length, where
    the films of those lie. `scans`: of the archive when this was fitted.
    """

    heads: tuple[OrientationHead, ...] = ()
    declined: tuple[tuple[str, str], ...] = ()
    rivals: FloatImage = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    scans: int = 0

    def findings(self, embeddings: FloatImage, groups: Sequence[str] = ()) -> list[str]:
        """What is to be said of each picture, or "".

        `embeddings`: float32 (n, dim). `groups`: of which group each is, as far as that is known. A
        picture of a known group is judged by the head of that group alone. Any other is judged by
        the group whose films it is most like; if it is like none of them, nobody judges it.
        """
        told = [""] * len(embeddings)
        if not self.heads or not len(embeddings):
            return told
        judge = self._judges(embeddings, groups)
        for place, head in enumerate(self.heads):
            mine = np.flatnonzero(judge == place)
            for row, kind in zip(mine, head.kinds(embeddings[mine]), strict=True):
                told[row] = FINDINGS.get(kind, "")
        return told

    def _judges(self, embeddings: FloatImage, groups: Sequence[str]) -> Indices:
        """The place of the head that judges each picture; -1 for none."""
        near = np.stack([head.nearness(embeddings) for head in self.heads], axis=1)
        nearest = near.argmax(axis=1)
        judge = np.where(near >= [head.floor for head in self.heads], 1, 0)
        judge = np.where(judge[np.arange(len(near)), nearest] > 0, nearest, -1)
        if len(self.rivals):
            judge[(embeddings @ self.rivals.T).max(axis=1) > near.max(axis=1)] = -1
        own = {head.group: place for place, head in enumerate(self.heads)}
        own = {group: -1 for group, _ in self.declined if group != UNKNOWN} | own
        for row, group in enumerate(groups):
            place = own.get(group, judge[row])
            enough = place >= 0 and near[row, place] >= self.heads[place].floor
            judge[row] = place if enough else -1
        return np.asarray(judge, np.intp)


@dataclass(frozen=True, slots=True)
class Examples:
    """What a head is fitted on, one film a patient.

    `films`: float32 (n, dim), embeddings of n films as the archive has them. `copies`: float32
    (n, kinds, dim), of the same films' previews, as each of `KINDS`. `others`: float32 (m, dim), of
    films of other patients; only limits are set by them.
    """

    films: FloatImage
    copies: FloatImage
    others: FloatImage

    def part(self, rows: Indices) -> Self:
        """Some of the films."""
        return type(self)(self.films[rows], self.copies[rows], self.others)


def fit(group: str, examples: Examples) -> OrientationHead | str:
    """A head, or why there is none.

    Limits are set by cross-fitting: each film is judged by a head that has not seen its patient. A
    film that lies wrong in the archive would be learned as one that lies right, so those that the
    others call wrong are left out first.
    """
    same = float(np.median((examples.films * examples.copies[:, 0]).sum(axis=1)))
    if same < _SAME_PICTURE:
        return "what the encoder sees is not what the previews show"
    upright, turned = _cross_fitted(examples)
    for _ in range(_ROUNDS):
        wrong = _wrong(upright[: len(turned)], turned)
        if not wrong.any():
            break
        examples = examples.part(np.flatnonzero(~wrong))
        upright, turned = _cross_fitted(examples)
    limits = _limits(upright, turned)
    if not limits:
        return "how its films lie cannot be told"
    found = {
        kind: round(float((turned[:, KINDS.index(kind) - 1] > limit).mean()), 4)
        for kind, limit in limits.items()
    }
    centres = _centres(examples)
    return OrientationHead(group, _fitted(examples), centres, _floor(examples), limits, found)


def _fitted(examples: Examples) -> ShrunkLda:
    count = len(examples.films)
    by_kind = np.swapaxes(examples.copies, 0, 1).reshape(-1, examples.films.shape[1])
    # The film itself beside its preview: what sets these two apart is no sign of anything.
    vectors = np.concatenate([examples.films, by_kind])
    codes = np.repeat([0, *range(len(KINDS))], count).astype(np.intp)
    return ShrunkLda.fit(vectors, codes, SHRINKAGE, prior=False)


def _margins(lda: ShrunkLda, embeddings: FloatImage) -> FloatImage:
    """By how much each other kind is more likely than upright: float32 (n, kinds - 1)."""
    scores = lda.scores(embeddings)
    return np.asarray(scores[:, 1:] - scores[:, :1], np.float32)


def _cross_fitted(examples: Examples) -> tuple[FloatImage, FloatImage]:
    """Margins of films as the archive has them, (n + m, kinds - 1), and of turned ones.

    Of the latter, (n, kinds - 1), only the margin of what each really is.
    """
    count = len(examples.films)
    fold = np.arange(count) % FOLDS
    upright = np.zeros((count, len(KINDS) - 1), np.float32)
    turned = np.zeros_like(upright)
    others = upright[:0]
    for number in range(FOLDS):
        lda = _fitted(examples.part(np.flatnonzero(fold != number)))
        out = fold == number
        upright[out] = _margins(lda, examples.films[out])
        for place in range(len(KINDS) - 1):
            turned[out, place] = _margins(lda, examples.copies[out, place + 1])[:, place]
        if number == 0:
            others = _margins(lda, examples.others)
    return np.concatenate([upright, others]), turned


def _wrong(upright: FloatImage, turned: FloatImage) -> Mask:
    """The examples that lie wrong themselves: bool (n,).

    Such a film looks more turned as it is than after it was turned. Where that is so of many films,
    it says only that the two are not told apart.
    """
    swapped = upright > turned
    swapped[:, swapped.mean(axis=0) > _MOST_SWAPPED] = False
    return np.asarray(swapped.any(axis=1))


def _limits(upright: FloatImage, turned: FloatImage) -> dict[str, float]:
    """The limit of each kind that can be told."""
    limits = {
        kind: _limit(upright[:, place], turned[:, place]) for place, kind in enumerate(KINDS[1:])
    }
    return {kind: limit for kind, limit in limits.items() if limit is not None}


def _limit(upright: FloatImage, turned: FloatImage) -> float | None:
    """The margin from which on a film is said to be of a kind; None if that cannot be told.

    Some of the archive's films may really lie wrong, so those that look as turned ones do are not
    counted as false, and how far the others spread is measured robustly.
    """
    low = float(np.quantile(turned, 1 - _KEPT))
    middle = float(np.median(upright))
    spread = _MAD * float(np.median(np.abs(upright - middle)))
    right = upright[upright < np.quantile(turned, 0.05)]
    if len(right) < (1 - _MOST_FLAGGED) * len(upright):
        return None
    highest = float(np.quantile(right, 1 - FALSE_SHARE / (len(KINDS) - 1)))
    highest = max(highest, middle + _SPREADS * spread)
    return (highest + low) / 2 if highest < low else None


def _centres(examples: Examples) -> FloatImage:
    means = examples.copies.mean(axis=0)
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(means / np.maximum(lengths, 1e-9), np.float32)


def _floor(examples: Examples) -> float:
    """The cosine with the nearest centre that nearly all films reach, cross-fitted."""
    fold = np.arange(len(examples.films)) % FOLDS
    reached: list[FloatImage] = []
    for number in range(FOLDS):
        out = fold == number
        centres = _centres(examples.part(np.flatnonzero(~out)))
        seen = (examples.films[out], examples.copies[out].reshape(-1, centres.shape[1]))
        reached += [(one @ centres.T).max(axis=1) for one in seen]
    return float(np.quantile(np.concatenate(reached), 1 - _MEMBERS)) - _SLACK
