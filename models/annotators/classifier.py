"""Annotation from a classifier: its labels with their probabilities."""

from models.annotators import Annotation, Sees, Taken
from models.arrays import ByteImage
from models.classifiers.onnx import OpenVinoClassifier
from models.runtime import ClassifierSpec
from models.runtime.compiled import CompiledCache
from models.runtime.members import NO_MEMBER

LEAST = 0.5
"""A label is put into words where it is more probable than all others together. Not tuned."""


class FromClassifier:
    """The label that is more probable than all others together, if there is one."""

    sees: Sees = "region"

    def __init__(
        self,
        spec: ClassifierSpec,
        onnx: bytes,
        threads: int = 0,
        cache: CompiledCache | None = None,
    ) -> None:
        """Arguments as of `models.runtime.network.Network`. Raises `ModelUnusable`."""
        self.spec = spec
        self._classifier = OpenVinoClassifier(spec, onnx, threads, cache)

    def annotate(self, squares: ByteImage, taken: Taken, left_out: int = NO_MEMBER) -> Annotation:
        """The mean over slices of each label's probability; see `Annotator`."""
        probabilities, _ = self._classifier.classify(squares, [left_out] * len(squares))
        mean = probabilities.mean(axis=0)
        findings = {name: float(share) for name, share in zip(self.spec.classes, mean, strict=True)}
        label = max(findings, key=lambda name: findings[name])
        return Annotation(label if findings[label] > LEAST else "", findings)
