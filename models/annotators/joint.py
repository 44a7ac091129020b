"""Annotation end to end: one network for findings and masks together."""

from models.annotators import LUNGS, NOTHING_FOUND, Annotation, Sees, Taken
from models.annotators.network import OpenVinoAnnotator
from models.annotators.segmenter import of_film
from models.arrays import ByteImage
from models.runtime import AnnotatorSpec
from models.runtime.compiled import CompiledCache
from models.runtime.members import NO_MEMBER


class FromJoint:
    """The findings that reach their thresholds in words; those of the lungs' mask in numbers.

    The mask's words are left to the way that has nothing else: beside findings that were learned
    they would dilute the text that is searched.
    """

    sees: Sees = "whole"

    def __init__(
        self, spec: AnnotatorSpec, onnx: bytes, threads: int = 0, cache: CompiledCache | None = None
    ) -> None:
        """Arguments as of `models.runtime.network.Network`. Raises `ModelUnusable`."""
        self.spec = spec
        self._network = OpenVinoAnnotator(spec, onnx, threads, cache)

    def annotate(self, squares: ByteImage, taken: Taken, left_out: int = NO_MEMBER) -> Annotation:
        """The mean over slices of each finding's probability; see `Annotator`."""
        spec = self.spec
        probabilities, masks = self._network.annotate(squares)
        findings = dict(zip(spec.findings, map(float, probabilities.mean(axis=0)), strict=True))
        said = [
            name
            for (name, share), least in zip(findings.items(), spec.thresholds, strict=True)
            if share >= least
        ]
        measured = {}
        if LUNGS in spec.regions and len(squares) == 1 and taken.may_be_frontal_chest:
            measured = of_film(squares[0], masks[0][spec.regions.index(LUNGS)], taken)
        return Annotation("; ".join(said) or NOTHING_FOUND, findings, measured)
