"""Writes the next generation from the tables of the live one, without an archive at hand.

For what takes scans out (`indexer.remove`) and for what brings an older index up to date
(`indexer.migrate`). Everything that is fitted on the archive is fitted again.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.assemble import Content
from indexer.commit import Generation
from indexer.config import from_json
from indexer.contents import Changes, vocabulary_of
from indexer.generation import Built, write_generation
from indexer.previous import Previous
from indexer.turner import Turner
from indexer.work import Workbench
from models.descriptors import BLOCKS
from models.errors import ModelUnusable
from models.runtime.registry import trained_on


@dataclass(frozen=True, slots=True)
class Next:
    """What the next generation is to be. `without`: sources that are left out.

    `rejects`: rows of `indexer.store.REJECTS`. `removed`, `erased_below`: as in `Built`.
    """

    without: frozenset[str]
    rejects: tuple[Mapping[str, Any], ...]
    removed: int
    erased_below: int


def rewrite(index: Path, previous: Previous, wanted: Next) -> tuple[Generation, tuple[str, ...]]:
    """Writes it and makes it the live one; gives it with remarks. The workbench is empty.

    Raises `CannotWrite` or `IndexDamaged`; the live generation then stays what it was.
    """
    told = previous.manifest
    config = from_json(told["config"])
    change = _change(previous, wanted.without)
    with closing(Turner(config, told["encoder"])) as turner:
        built = Built(
            config=config,
            identity=told["identity"],
            dims={name: told["dims"][name] for name in BLOCKS},
            encoder=told["encoder"],
            archive=Path(told["archive"]),
            rejects=wanted.rejects,
            turn=turner,
            seen=learned_from(config.encoder),
            removed=wanted.removed,
            erased_below=wanted.erased_below,
            refit=True,
            wish=previous.wish,
            basis=previous.basis,
        )
        bench = Workbench(index, told["identity"])
        generation, remarks = write_generation(index, previous, bench, change, built)
    return generation, (*remarks, *turner.remarks)


def learned_from(encoder: str) -> Mapping[str, int]:
    """What an encoder was trained on; nothing where it is not installed, so that nobody knows."""
    try:
        return trained_on(encoder)
    except ModelUnusable:
        return {}


def _change(previous: Previous, without: frozenset[str]) -> Changes:
    facts = {key: told for key, told in previous.facts.items() if key not in without}
    text, texts, is_new = vocabulary_of(facts, previous, changed=True)
    files = previous.files
    return Changes(
        content=Content(facts, frozenset(), text, is_new),
        relabelled=frozenset(),
        gone=without,
        files=tuple(files[path] for path in sorted(files) if files[path].source in facts),
        texts=texts,
    )
