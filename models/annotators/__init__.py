"""Annotators: what a model says of a scan, in words and numbers; machine-made, and so marked.

Three ways: a classifier's labels, what a segmenter's masks measure, and one network for findings
and masks together. A new way is a file here and a line in `TABLE`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol

from models.arrays import ByteImage
from models.errors import ModelUnusable
from models.runtime import ModelSpec
from models.runtime.members import NO_MEMBER
from models.table import load as _load

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "annotator": "models.annotators.joint:FromJoint",
        "classifier": "models.annotators.classifier:FromClassifier",
        "segmenter": "models.annotators.segmenter:FromSegmenter",
    }
)
"""By the kind of the model."""

Sees = Literal["region", "whole"]
"""The box of the segmented region, as an index's encoder does, or the whole picture."""

NOTHING_FOUND = "No Finding"
"""What is said where a model knows findings and none is probable enough; as archives write it."""


LUNGS = "lungs"
"""The region whose measures are taken."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one model says of one scan.

    `text`: phrases, joined by "; "; empty where there is nothing to say. `findings`: each finding
    (or label) that the model knows -> its probability. `measurements`: name -> number; the unit is
    in the name, shares and ratios have none.
    """

    text: str = ""
    findings: Mapping[str, float] = field(default_factory=dict)
    measurements: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """How a picture was taken, as far as its file and the archive say.

    `shape`: (rows, columns) in pixels. `spacing_mm`: between pixels, where known.
    `may_be_frontal_chest`: whether nothing speaks against a chest film from the front.
    """

    shape: tuple[int, int]
    spacing_mm: tuple[float, float] | None = None
    may_be_frontal_chest: bool = True

    @property
    def cm2(self) -> float | None:
        """The area of the whole picture, or None where the spacing is not known."""
        if self.spacing_mm is None:
            return None
        rows, columns = self.shape
        return rows * self.spacing_mm[0] * columns * self.spacing_mm[1] / 100


class Annotator(Protocol):
    """What `indexer.annotate` asks of an annotator."""

    spec: ModelSpec
    sees: Sees

    def annotate(self, squares: ByteImage, taken: Taken, left_out: int = NO_MEMBER) -> Annotation:
        """What there is to say of a scan.

        `squares`: uint8 (n, size, size, channels) of `spec`, 0..255: the picture, or slices of a
        volume. `taken`: of the picture before it was made a square. `left_out`: the member of a
        committee that has not learned from the scan; it alone answers.
        """
        ...


def load(name: str, threads: int = 0) -> Annotator:
    """The annotator out of the model of that name, or of the spec at that path.

    Raises `ModelUnusable` if there is none, or if it is a model that cannot annotate.
    """
    from models.runtime.compiled import CompiledCache
    from models.runtime.registry import checked

    spec, onnx = checked(name, ModelSpec)
    if spec.kind not in TABLE:
        raise ModelUnusable(
            f"{spec.name!r} is of the kind {spec.kind!r}, which cannot annotate; what can: "
            f"{', '.join(sorted(TABLE))}"
        )
    factory = _load(TABLE, spec.kind, "kind of annotator")
    annotator: Annotator = factory(spec, onnx, threads, CompiledCache.default())
    return annotator
