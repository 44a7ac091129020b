"""What each loss of `cbir train encoder` brings: python -m benchmarks.metric --data ARCHIVE.

ARCHIVE is a folder with a `cases.csv`. Its films but those with `split` = query are split by
patient, the same for every loss; the query films are not looked at. Every loss trains the same
network, from the same weights, with the same settings. Beside them, on the same test films: the
embedding of a classifier that was trained so too, raw pixels, and the shipped encoder as it is.
`--quick` takes the example films and the small network.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figures import machine
from benchmarks.films import films_of, make_archive
from models.training.augment import Augmentation
from models.training.progress import Progress, silent
from models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from indexer.config import Config

EXAMPLES = Path(__file__).parents[1] / "examples" / "archive"
CLASSIFIER = "classifier's embedding"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to learn: a loss, and the classifier's share in it."""

    name: str
    loss: str
    mix: float = 0.0


WAYS = (
    Way("proxy", "proxy"),
    Way("proxy-anchor", "proxy-anchor"),
    Way("supcon", "supcon"),
    Way("supcon, half proxy", "supcon", 0.5),
    Way("multi-similarity", "multi-similarity"),
    Way("multi-similarity, half proxy", "multi-similarity", 0.5),
    Way("self-supervised", "self-supervised"),
)


@dataclass(frozen=True, slots=True)
class Same:
    """What all ways have in common; see `indexer.learn.encoder.EncoderAsked`."""

    network: str
    size: int
    frozen: int
    dim: int
    settings: TrainingSettings
    config: "Config"

    @property
    def begin(self) -> str:
        """Trained weights where there are some."""
        from models.networks.weights import ORIGINS

        return "imagenet" if self.network in ORIGINS else "nothing"


def own_side(data: Path, folder: Path) -> Path:
    """A copy of the archive in `folder` without its query films."""
    films = [film for film in films_of(data) if film.row.get("split") != "query"]
    return make_archive(films, len(films), folder)


def classifier(archive: Path, run: Path, same: Same, progress: Progress) -> Path:
    """The spec of a classifier that was trained as the encoders are."""
    from indexer.learn.classifier import ClassifierAsked, train_classifier

    asked = ClassifierAsked(
        network=same.network,
        pretrained=same.begin == "imagenet",
        frozen=same.frozen if same.begin == "imagenet" else 0,
        size=same.size,
        config=same.config,
    )
    return train_classifier(archive, run, asked, same.settings, Augmentation(), progress).spec


def encoder(
    archive: Path, run: Path, way: Way, same: Same, beside: Sequence[Path], progress: Progress
) -> dict[str, Any]:
    """The report of an encoder that was trained that way."""
    from indexer.learn.encoder import SELF_SUPERVISED, EncoderAsked, train_encoder
    from retrieval.cli.train_encoder import AUGMENTATION
    from retrieval.report.training import write_encoder_report

    asked = EncoderAsked(
        loss=way.loss,
        mix=way.mix,
        dim=same.dim,
        network=same.network,
        begin=same.begin,
        frozen=same.frozen if same.begin == "imagenet" else 0,
        size=same.size,
        beside=tuple(map(str, beside)),
        config=same.config,
    )
    views = Augmentation(**(AUGMENTATION if way.loss == SELF_SUPERVISED else {}))
    learned = train_encoder(archive, run, asked, same.settings, views, progress)
    return write_encoder_report(learned, run)


def measured(archive: Path, work: Path, same: Same, progress: Progress) -> dict[str, Any]:
    """Each system's figures, by its name; the floors come with the first of the ways."""
    spec = classifier(archive, work / "classifier", same, progress)
    found: dict[str, Any] = {}
    for number, way in enumerate(WAYS):
        beside = [spec] if number == 0 else []
        told = encoder(archive, work / way.name.replace(" ", "-"), way, same, beside, progress)
        systems = dict(told["systems"])
        found[way.name] = systems.pop("this encoder")
        if number == 0:
            found[CLASSIFIER] = systems.pop(str(spec))
            floors = systems
    return found | floors


def table(found: dict[str, Any]) -> str:
    """A line a system: mAP with its interval, MAP@R, P@1 and P@5, each query alike."""
    lines = [f"{'':34}{'mAP':>8}  {'95 % interval':18}{'MAP@R':>8}{'P@1':>8}{'P@5':>8}"]
    for name, told in found.items():
        whole = told["mAP"]["micro"]
        others = [told[key]["micro"] for key in ("MAP@R", "hit_rate@1", "precision@5")]
        between = f"{_number(whole['low'])} to {_number(whole['high'])}"
        figures = "".join(f"{_number(one['value']):>8}" for one in others)
        lines.append(f"{name:34}{_number(whole['value']):>8}  {between:18}{figures}")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _same(told: argparse.Namespace) -> Same:
    from retrieval.cli.settings import Settings
    from retrieval.cli.training_options import config_of

    if told.quick:
        settings = TrainingSettings(epochs=2, batch=16, learning_rate=0.005, trunk_rate=1.0)
        return Same("small", 32, 0, 32, settings, config_of(Settings(), ""))
    settings = TrainingSettings(epochs=told.epochs, batch=told.batch, seed=told.seed)
    config = config_of(Settings(), told.segment)
    return Same(told.network, told.size, told.frozen, told.dim, settings, config)


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metric")
    parser.add_argument("--data", type=Path, default=EXAMPLES, help="a folder with a cases.csv")
    parser.add_argument("--network", default="efficientnet-lite0")
    parser.add_argument("--size", type=int, default=0, help="pixels; 0: as it was made for")
    parser.add_argument("--frozen", type=int, default=6)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--segment", default="", help="a segmenter, as of cbir train encoder")
    parser.add_argument("--out", type=Path, help="keep the runs there; the same command goes on")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--quick", action="store_true", help="small, in some minutes")
    told = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        work = told.out or Path(name)
        archive = work / "archive"
        if not archive.is_dir():
            own_side(told.data, archive)
        found = measured(archive, work, _same(told), _progress(told.quick))
    show(table(found))
    if told.json:
        report = {"machine": machine(), "systems": found}
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _progress(quick: bool) -> Progress:
    def say(stage: str, done: int, total: int) -> None:
        if done % 20 == 0 or done == total:
            print(f"{stage} {done} of {total}", file=sys.stderr)

    return silent if quick else say


if __name__ == "__main__":
    main()
