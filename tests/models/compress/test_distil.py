"""Distillation: what a student is shown, what it is told, and that it learns it."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import UsageError
from models.runtime import ClassifierSpec, EncoderSpec, SegmenterSpec

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

FACTS: dict[str, Any] = {
    "name": "teacher",
    "file": "teacher.onnx",
    "sha256": "",
    "size": 64,
    "mean": (100.0, 110.0, 120.0),
    "std": (50.0, 55.0, 60.0),
    "licence": "",
    "source": "",
}


def test_softened_by_hand() -> None:
    """Logits 4 and 0 at temperature 4 are 1 and 0: probabilities .7311 and .2689."""
    import torch

    from models.compress.distil import softened

    told, even = torch.tensor([[4.0, 0.0]]), torch.zeros(1, 2)
    high, low = 0.731059, 0.268941
    apart = high * np.log(high / 0.5) + low * np.log(low / 0.5)
    assert float(softened(even, told)) == pytest.approx(16 * apart, rel=1e-4)
    assert float(softened(told, told)) == pytest.approx(0.0, abs=1e-6)


def test_a_teacher_is_asked_about_the_very_picture(tmp_path: Path) -> None:
    """As the student takes it, it is brought back to bytes: the answers are those of its file."""
    import torch

    from models.classifiers.onnx import OpenVinoClassifier
    from models.compress.contract import Form
    from models.compress.distil import Teacher
    from models.networks import Takes, trunk
    from models.training.classify import Classifier
    from models.training.export import exported

    torch.manual_seed(0)
    network = Classifier(trunk("small"), 3, 0.0).eval()
    content = exported(network, np.zeros((2, 3, 64, 64), np.float32), ("embedding", "logits"))
    spec = ClassifierSpec(**FACTS, dim=128, classes=("a", "b", "c"))
    bytes_ = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    takes: Takes = trunk("small").takes  # type: ignore[assignment]
    mean, std = (torch.tensor(part).view(1, 3, 1, 1) for part in (takes.mean, takes.std))
    shown = (torch.from_numpy(bytes_).permute(0, 3, 1, 2).float() - mean) / std
    embedding, logits = Teacher(Form(spec, content), takes).answers(shown)
    assert logits is not None
    probabilities, wanted = OpenVinoClassifier(spec, content).classify(bytes_)
    np.testing.assert_array_equal(embedding.numpy(), wanted)
    np.testing.assert_allclose(logits.softmax(1).numpy(), probabilities, atol=1e-6)


@pytest.mark.slow
def test_a_student_of_an_encoder_learns_its_embedding(tmp_path: Path) -> None:
    """On films that it was not shown, it comes nearer to the teacher than it began."""
    import torch

    from models.compress.contract import Form, Given, Wishes
    from models.compress.distil import Distilling
    from models.encoders.onnx import OpenVinoEncoder
    from models.networks import trunk
    from models.training.export import exported
    from models.training.films import Films
    from models.training.splits import Split

    torch.manual_seed(1)
    content = exported(trunk("small").eval(), np.zeros((2, 3, 64, 64), np.float32), ("embedding",))
    spec = EncoderSpec(**FACTS, dim=128)
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (64, 4, 4, 1), np.uint8)
    pictures = np.kron(small, np.ones((1, 16, 16, 1), np.uint8))
    films = Films(pictures, [str(n) for n in range(64)], np.zeros(64, np.intp), ("a",))
    split = Split(np.arange(48), np.arange(48, 64), np.arange(0))
    training = {"epochs": 4, "batch": 8, "learning_rate": 0.01, "averaging": 0.9}
    wishes = Wishes(student="small", student_px=32, training=training)
    given = Given(Form(spec, content), films, split, wishes, tmp_path)
    made = Distilling().make(given, lambda *_: None)
    assert made.how == "small of 32 px, taught by teacher"
    assert isinstance(made.form.spec, EncoderSpec)
    assert (made.form.spec.size, made.form.spec.dim) == (32, 128)
    history = (tmp_path / "curves.csv").read_text().splitlines()
    assert history[0].split(",")[3] == "cosine"
    cosines = [float(line.split(",")[3]) for line in history[1:]]
    assert cosines[-1] > max(cosines[0], 0.9)
    halved = small.repeat(8, axis=1).repeat(8, axis=2)[48:]
    student = OpenVinoEncoder(made.form.spec, made.form.onnx)
    teacher = OpenVinoEncoder(spec, content)
    own = student.encode(np.repeat(halved, 3, axis=-1))
    wanted = teacher.encode(np.repeat(pictures[48:], 3, axis=-1))
    assert float((own * wanted).sum(axis=1).mean()) == pytest.approx(max(cosines), abs=0.02)


@pytest.mark.parametrize(
    ("student", "px", "words"),
    [
        ("huge", 0, "there is no network 'huge'; there are: efficientnet-lite0, "),
        ("small", 20, "--size is 20; a student's is a multiple of 32"),
    ],
)
def test_a_student_that_there_is_not(student: str, px: int, words: str) -> None:
    from models.compress.contract import Form, Wishes
    from models.compress.distil import Distilling

    form = Form(EncoderSpec(**FACTS, dim=8), b"")
    with pytest.raises(UsageError, match=words):
        Distilling().check(form, Wishes(student=student, student_px=px))


def test_a_segmenter_teaches_nobody() -> None:
    from models.compress.contract import Form, Wishes
    from models.compress.distil import Distilling

    with pytest.raises(UsageError, match="'teacher' is neither a classifier nor an encoder"):
        Distilling().check(Form(SegmenterSpec(**FACTS, regions=("lungs",)), b""), Wishes())
