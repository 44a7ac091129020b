"""int8: a quarter of the file, and faster on every CPU. Needs a few films and no training."""

import tempfile
from pathlib import Path

import numpy as np
import onnx

from models.compress.contract import Compressed, Form, Given, Wishes
from models.compress.quantise import folded, normalise, quantise
from models.compress.spare import spared
from models.errors import UsageError
from models.heads.leave_out import Indices
from models.runtime.onnx_file import is_quantised, strip
from models.training.progress import Progress

CALIBRATION_FILMS = 64
FEWEST_FILMS = 8
"""With 8, 16, 32, 64 or 128 films the Dice of a U-Net (lungs, archive's films) was the same to
.00004; with fewer a class of films may be missing."""


class Int8:
    """The model in int8, but for the layers that would cost most.

    Ranges and costs are taken from films of the training side.
    """

    def check(self, form: Form, wishes: Wishes) -> None:
        """Raises `UsageError` if the model is quantised already."""
        if is_quantised(form.onnx):
            raise UsageError(
                f"the model {form.spec.name!r} is quantised already; give the one it was before"
            )

    def make(self, given: Given, progress: Progress) -> Compressed:
        """Raises `UsageError` if there are too few films to take ranges from."""
        spec, rows = given.form.spec, _chosen(given.split.train)
        pictures = normalise(given.films.shown(rows, spec.channels), spec.mean, spec.std)
        if spec.layout == "NHWC":
            pictures = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
            onnx.save(folded(onnx.load_from_string(given.form.onnx)), source)
            left = spared(source, pictures, progress)
            quantise(source, target, pictures, spared=left)
            strip(target)
            content = target.read_bytes()
        return Compressed(Form(spec, content), "int8", rows[:0])


def _chosen(train: Indices) -> Indices:
    if len(train) < FEWEST_FILMS:
        raise UsageError(
            f"int8 takes its ranges from films of the training side, and {len(train)} are there; "
            f"{FEWEST_FILMS} are needed. Add films that the archive's column `split` does not set "
            "apart, or take --method fp16, which needs none"
        )
    order = np.linspace(0, len(train) - 1, min(len(train), CALIBRATION_FILMS))
    return train[np.unique(order.round().astype(np.intp))]
