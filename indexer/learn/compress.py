"""Makes a model smaller and measures what it loses: the whole way on one screen.

gather -> split by patient -> make it -> measure both on films that neither has seen -> keep, refuse
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from indexer.config import Config, from_json
from indexer.learn.gather import Asked, Gathered, gather
from indexer.learn.model_folder import FOLDER, files_of, listed, write_content
from indexer.learn.unseen import Sides, check_kind, sides_of
from models.compress import LIMIT, check_installed, way
from models.compress.contract import Compressed, Form, Given, Measured, Wishes
from models.compress.verdict import coarseness, refusal
from models.errors import UsageError
from models.files import write_whole
from models.measures.predictions import plain
from models.runtime import EncoderSpec, ModelSpec, SegmenterSpec
from models.runtime.members import NO_MEMBER
from models.runtime.registry import checked, trained_on
from models.runtime.spec import check_name
from models.training.progress import Progress
from models.training.told import SETTINGS, STATE, told_of

if TYPE_CHECKING:
    from models.compress.measure import Shown

REPORT = "compression.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressAsked:
    """How a model is made smaller.

    `method`: one of `models.compress.TABLE`. `limit`: the most that a figure may fall. `name`: of
    what is made; "" for the model's with the method behind it. `seed`: of the draw of the patients
    that measure; `config`: how films are prepared. Both are the run's own if there is one.
    `resume`: go on where an earlier command was interrupted.
    """

    method: str
    wishes: Wishes = field(default_factory=Wishes)
    limit: float = LIMIT
    name: str = ""
    without: tuple[str, ...] = ()
    seed: int = 0
    config: Config = field(default_factory=Config)
    workers: int | None = None
    label_from: str = "auto"
    resume: bool = True


@dataclass(frozen=True, slots=True)
class Compression:
    """What came of it.

    `films`: how many it was made and measured with. `refused`: why it was not written, or "".
    `spec`: where it was written, if it was.
    """

    method: str
    how: str
    limit: float
    before: Measured
    after: Measured
    films: dict[str, int]
    remarks: tuple[str, ...]
    refused: str
    spec: Path | None

    def to_json(self) -> dict[str, Any]:
        """As `compression.json` has it."""
        told = {"schema": 1, **asdict(self), "spec": self.spec and self.spec.name}
        for side in ("before", "after"):
            told[side]["right"] = {
                name: plain(value) for name, value in told[side]["right"].items()
            }
        return told


def compress(
    model: str, archive: Path, out: Path, asked: CompressAsked, progress: Progress
) -> Compression:
    """Writes the model, smaller, into the folder `out`, unless it loses more than the limit.

    `model`: a name, or the path of a spec. `compression.json` says what was measured, either way.
    Raises `UsageError` where method, archive or settings do not fit, `ModelUnusable` for a model or
    a run that cannot be used, `NothingToIndex`, `CannotWrite`.
    """
    check(model, out, asked)
    if not asked.resume and (out / STATE).exists():
        from models.training.checkpoint import Keeper

        Keeper(out, {}).clear()
    source = Source.of(model, archive, out, asked, progress)
    made = way(asked.method).make(source.given(out), progress)
    before, after = figures({"before": source.form, "after": made.form}, source, progress).values()
    refused = refusal(source.form, made.how, before, after, asked.limit)
    found = Compression(
        method=asked.method,
        how=made.how,
        limit=asked.limit,
        before=before,
        after=after,
        films=source.counts(),
        remarks=source.remarks(asked.limit),
        refused=refused,
        spec=_kept(made, source, bool(refused)),
    )
    write_whole(out / REPORT, json.dumps(found.to_json(), indent=1).encode())
    return found


def check(model: str, out: Path, asked: CompressAsked) -> None:
    """What is wrong before anything is done. Raises `UsageError`, `ModelUnusable`."""
    check_installed(asked.method)
    if not 0 <= asked.limit <= 1:
        raise UsageError(f"--limit is {asked.limit}; it is a number from 0 to 1")
    if asked.name:
        check_name(asked.name)
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; what is made has a folder of its own")
    run = run_of(model, asked.wishes.run)
    if run is not None and out.resolve() == run.resolve():
        raise UsageError(f"--out {out} is the training run itself; choose another folder")


def _target(folder: Path, asked: CompressAsked) -> Path:
    """The spec of what is made."""
    return folder / FOLDER / f"{asked.name}.json"


def run_of(model: str, named: Path | None) -> Path | None:
    """The training run of a model: the one that is named, or the one in whose folder it is."""
    if named is not None or not model.endswith(".json"):
        return named
    folder = Path(model).resolve().parent
    there = folder.name == FOLDER and (folder.parent / SETTINGS).is_file()
    return folder.parent if there else None


@dataclass(frozen=True, slots=True)
class Source:
    """A model, and an archive's films as it takes them. `seen`: see `models.runtime.registry`."""

    form: Form
    seen: Mapping[str, int]
    gathered: Gathered
    sides: Sides
    archive: Path
    folder: Path
    asked: CompressAsked

    @classmethod
    def of(
        cls, model: str, archive: Path, folder: Path, asked: CompressAsked, progress: Progress
    ) -> Self:
        """Films are prepared and split as the model's training run did, if there is one."""
        form = Form(*checked(model, ModelSpec))
        asked = replace(asked, name=asked.name or f"{form.spec.name}-{asked.method}")
        check_kind(form.spec)
        if model.endswith(".json") and Path(model).resolve() == _target(folder, asked).resolve():
            raise UsageError(
                f"{model} itself would be written over; choose another --out or another --name"
            )
        run = run_of(model, asked.wishes.run)
        if run is not None:
            told = told_of(run)
            config, seed = (
                from_json(told.get("preprocessing", {})),
                int(told["settings"].get("seed", 0)),
            )
            wishes = replace(asked.wishes, run=run)
            asked = replace(asked, config=config, seed=seed, wishes=wishes)
        way(asked.method).check(form, asked.wishes)
        gathered = _gathered(form.spec, archive, folder, asked, progress)
        seen = trained_on(model)
        sides = sides_of(gathered, form.spec, seen, asked.without, asked.seed)
        return cls(form, seen, gathered, sides, archive, folder, asked)

    def given(self, folder: Path) -> Given:
        """What a way works on; it keeps in `folder` what it goes on with."""
        return Given(self.form, self.sides.films, self.sides.split, self.asked.wishes, folder)

    def shown(self, spec: ModelSpec, progress: Progress) -> "Shown":
        """The films that measure a form of this model, of the size that it takes."""
        films = self.sides.films
        if spec.size != self.form.spec.size:
            again = _gathered(spec, self.archive, self.folder, self.asked, progress)
            if again.sha256 != self.gathered.sha256:
                raise UsageError(f"{self.archive} has changed meanwhile; run the command again")
            films = replace(films, pictures=again.pictures, masks=again.masks)
        from models.compress.measure import Shown

        return Shown(films, self.sides.split.test, self.sides.searched)

    def counts(self) -> dict[str, int]:
        """How many films there are of each side, and in how many the measured ones search."""
        sides = self.sides
        told = {name: len(getattr(sides.split, name)) for name in ("train", "validation")}
        told["measured"] = len(sides.split.test)
        if isinstance(self.form.spec, EncoderSpec):
            told["searched"] = len(sides.searched)
        return told

    def remarks(self, limit: float) -> tuple[str, ...]:
        """What a person should know before he believes the figures."""
        labels = self.sides.films.labels[self.sides.split.test]
        coarse = coarseness(self.form.spec.kind, labels, limit)
        return (*self.gathered.remarks, *self.sides.remarks, *((coarse,) if coarse else ()))


def figures(forms: Mapping[str, Form], source: Source, progress: Progress) -> dict[str, Measured]:
    """What each form of a model is worth, on the films that measure."""
    from models.compress.measure import measured

    shown = {name: (form, source.shown(form.spec, progress)) for name, form in forms.items()}
    return measured(shown)


def _gathered(
    spec: ModelSpec, archive: Path, folder: Path, asked: CompressAsked, progress: Progress
) -> Gathered:
    wanted = Asked(
        asked.config,
        spec.size,
        whole=isinstance(spec, SegmenterSpec),
        workers=asked.workers,
        label_from=asked.label_from,
    )
    return gather(archive, folder / f"{spec.size}px", wanted, progress)


def _kept(made: Compressed, source: Source, refused: bool) -> Path | None:
    """Writes what was made, or takes away what an earlier run left under its name."""
    name, folder = source.asked.name, source.folder
    if refused:
        for ending in (".json", ".onnx", ".txt"):
            (folder / FOLDER / f"{name}{ending}").unlink(missing_ok=True)
        return None
    spec = made.form.spec
    members = spec.members if isinstance(spec, EncoderSpec) else 1
    note = f"{spec.note}; {made.how}" if spec.note else made.how
    told = replace(spec, name=name, note=note, source=f"{spec.source}; {made.how}")
    seen = dict(source.seen) if members > 1 else dict.fromkeys(source.seen, NO_MEMBER)
    seen |= dict.fromkeys(files_of(source.gathered, made.seen), NO_MEMBER)
    return write_content(made.form.onnx, told, folder, listed(seen))
