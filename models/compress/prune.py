"""Structured pruning: the weakest channels are taken out whole, then the rest is trained a little.

What is left is an ordinary, narrower network, so it is faster everywhere and without tricks. It
learns again with the rates of its own training over a third of its epochs: to go back to the high
rates serves a pruned network better than to go on with the last, low ones (Renda 2020).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.compress.channels import cut, groups_of, known_groups
from models.compress.contract import Compressed, Form, Given, Wishes
from models.compress.retrain import as_classifier, as_form, settings_of, trained
from models.compress.strength import strongest
from models.errors import ModelUnusable, UsageError
from models.runtime import ClassifierSpec, SegmenterSpec
from models.training.augment import Augmentation
from models.training.classify import Classification
from models.training.export import fp32_difference
from models.training.finished import Finished, finished
from models.training.loop import Task
from models.training.progress import Progress
from models.training.segment import Segmentation
from models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from torch import nn

_SAME = 1e-3  # of the answer's length; ONNX Runtime and torch differ by less than a tenth of it
_COMPARED = 2


class Pruning:
    """The model with a share of `keep` of its inner channels, trained on."""

    def check(self, form: Form, wishes: Wishes) -> None:
        """Raises `UsageError` for a share that is none or without a run, `ModelUnusable` for a run
        that is damaged or of another architecture than the model.
        """
        if not 0 < wishes.keep < 1:
            raise UsageError(f"--keep is {wishes.keep}; it is a share between 0 and 1")
        run = _run_of(form, wishes)
        known_groups(str(run.told["network"]))

    def make(self, given: Given, progress: Progress) -> Compressed:
        """Raises also `ModelUnusable` if the run did not make the model, and as training does."""
        keep, run = given.wishes.keep, _run_of(given.form, given.wishes)
        settings = settings_of(given, _again(run.told["settings"]), run.told["settings"])
        augmentation = Augmentation.from_json(run.told.get("augmentation", {}))
        _check_made_it(run, given, _task(run, given, settings, augmentation))
        pruned(run.network, str(run.told["network"]), keep)
        task = _task(run, given, settings, augmentation)
        about = {"method": "prune", "keep": keep, "augmentation": augmentation.to_json()}
        form = _form(trained(task, given, settings, about, progress), task, given)
        return Compressed(form, f"pruned to {keep:g} of its inner channels", given.split.train)


def pruned(network: "nn.Module", kind: str, keep: float) -> None:
    """Takes the weakest channels out of a network, a classifier or a U-Net, for good.

    `kind`: of the network, or of the classifier's trunk. Raises `UsageError` for one that is not
    known.
    """
    trunk = getattr(network, "trunk", None)
    groups = groups_of(network if trunk is None else trunk, kind, "" if trunk is None else "trunk.")
    cut(network, [(group, strongest(network, group, keep)) for group in groups])


def _run_of(form: Form, wishes: Wishes) -> Finished:
    spec, folder = form.spec, wishes.run
    if not isinstance(spec, ClassifierSpec | SegmenterSpec):
        raise UsageError(
            f"{spec.name!r} is neither a classifier nor a segmenter that was trained here, and "
            "pruning needs the run of one; take --method int8, fp16 or distil"
        )
    if folder is None:
        raise UsageError(
            f"pruning needs the weights of the training run that made {spec.name!r}: name its "
            "folder with --run"
        )
    run = finished(folder)
    if int(run.told.get("members", 1)) > 1:
        raise UsageError(
            f"{spec.name!r} is a committee, whose members would be pruned apart; teach one network "
            "what it knows, with --method distil"
        )
    if _facts_of_run(run.told) != _facts_of_model(spec):
        raise ModelUnusable(
            f"the run {folder} is of another architecture than the model {spec.name!r}: "
            f"{run.told['network']} of {run.told['size']} px; name the run that made it"
        )
    return run


def _facts_of_run(told: Mapping[str, Any]) -> tuple[str, int, tuple[str, ...]]:
    if told["network"] == "unet":
        return "segmenter", told["size"], (str(told.get("region", "")),)
    return "classifier", told["size"], tuple(told["classes"])


def _facts_of_model(spec: ClassifierSpec | SegmenterSpec) -> tuple[str, int, tuple[str, ...]]:
    names = spec.classes if isinstance(spec, ClassifierSpec) else spec.regions
    return spec.kind, spec.size, names


def _again(run: Mapping[str, Any]) -> dict[str, Any]:
    """What is other than in the run's own training."""
    epochs = max(1, round(int(run["epochs"]) / 3))
    return {"epochs": epochs, "warm_up": min(0.5, float(run["warm_up"])), "patience": 0}


def _task(
    run: Finished, given: Given, settings: TrainingSettings, augmentation: Augmentation
) -> Task:
    if isinstance(given.form.spec, SegmenterSpec):
        return Segmentation(run.network, given.films, augmentation, run.told["loss"])
    trunk: nn.Module = run.network.trunk  # type: ignore[assignment]
    task = Classification(trunk, given.films, given.split.train, settings, augmentation)
    task.network = run.network
    return task


def _check_made_it(run: Finished, given: Given, task: Task) -> None:
    pictures = task.batches.plain(given.split.train[:_COMPARED]).pictures.contiguous().numpy()
    try:
        apart = max(fp32_difference(run.network, given.form.onnx, pictures).values())
    except ValueError:  # another number of outputs, or others
        apart = float("inf")
    if not apart <= _SAME:
        raise ModelUnusable(
            f"the run {given.wishes.run} did not make the model {given.form.spec.name!r}: their "
            "answers differ. Name the run that made it; a model that is quantised already cannot "
            "be pruned"
        )


def _form(network: "nn.Module", task: Task, given: Given) -> Form:
    spec = given.form.spec
    if isinstance(spec, ClassifierSpec):
        return as_classifier(network, spec, task, given)
    return as_form(network, spec, task, given, ("logits",))
