"""Annotation from a segmenter's masks of the lungs: what they measure, in words and numbers."""

import numpy as np

from models.annotators import LUNGS, Annotation, Sees, Taken
from models.annotators.lung_measures import measure
from models.annotators.lung_words import phrases
from models.annotators.lungs import lungs_of
from models.arrays import ByteImage, FloatImage
from models.errors import ModelUnusable
from models.runtime import SegmenterSpec
from models.runtime.compiled import CompiledCache
from models.runtime.members import NO_MEMBER
from models.segmenters.network import OpenVinoSegmenter


class FromSegmenter:
    """Areas, asymmetry, heart to chest and the density of each zone, from the mask of the lungs."""

    sees: Sees = "whole"

    def __init__(
        self, spec: SegmenterSpec, onnx: bytes, threads: int = 0, cache: CompiledCache | None = None
    ) -> None:
        """Arguments as of `models.runtime.network.Network`.

        Raises `ModelUnusable`, also if the lungs are not among the segmenter's regions.
        """
        if LUNGS not in spec.regions:
            raise ModelUnusable(
                f"the segmenter {spec.name!r} finds {', '.join(spec.regions)}; what is measured "
                f"here is the region {LUNGS!r}"
            )
        self.spec = spec
        self._segmenter = OpenVinoSegmenter(spec, onnx, threads, cache)

    def annotate(self, squares: ByteImage, taken: Taken, left_out: int = NO_MEMBER) -> Annotation:
        """Of a film; there is nothing to say of a volume, or of what is no chest from the front."""
        if len(squares) != 1 or not taken.may_be_frontal_chest:
            return Annotation()
        found = self._segmenter.probabilities(squares)[0][self.spec.regions.index(LUNGS)]
        measured = of_film(squares[0], found, taken)
        return Annotation("; ".join(phrases(measured)), measurements=measured)


def of_film(square: ByteImage, probabilities: FloatImage, taken: Taken) -> dict[str, float]:
    """What the lungs of one film measure.

    `square`: uint8 (size, size, channels). `probabilities`: of the lungs, float32 (size, size).
    """
    grey = np.asarray(square.mean(axis=-1) / 255, np.float32)
    return measure(grey, lungs_of(np.asarray(probabilities > 0.5)), taken)
