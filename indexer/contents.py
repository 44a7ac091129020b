"""What the next generation is to hold, and in what it differs from the live one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.archive import facts_of
from indexer.assemble import Content
from indexer.fit import fit_text, read_heads
from indexer.machine_made import MachineMade, people_s_texts, phrases_of
from indexer.plan import Plan
from indexer.previous import Previous
from indexer.scan import Header
from indexer.work import FileRecord
from models.descriptors.text import TextModel

Facts = dict[str, dict[str, Any]]

_REFIT_SHARE = 0.1
"""The vocabulary is learned again when the texts have changed by this share; until then new texts
are described by the words that it knows, and the old parts stay as they are."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The next content. `relabelled`: sources with other facts than before, not described again.

    `gone`: sources of the live generation that the next one has not. `files`: of every source.
    """

    content: Content
    relabelled: frozenset[str]
    gone: frozenset[str]
    files: tuple[FileRecord, ...]
    texts: int  # that the vocabulary was learned from
    remarks: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the next generation would be the live one."""
        return not (self.content.described or self.relabelled or self.gone)


def changes(
    planned: Plan,
    previous: Previous,
    bench: Mapping[str, Sequence[FileRecord]],
    vanished: frozenset[str],
    machine: MachineMade | None = None,
) -> Changes:
    """`bench`: the files of each scan on the workbench.

    `vanished`: sources that have no file any more and are to be kept all the same. `machine`: the
    texts for scans that nobody annotated; None: those that are there stay.
    """
    described = {source.key for source in planned.sources} & bench.keys()
    new = {record.path: record for source in described for record in bench[source]}
    stays = vanished & previous.facts.keys() - described - _renamed(previous.files, new)
    files = previous.files | new
    headers = {r.source: r.header for r in files.values() if r.header}
    kept = previous.facts.keys() - described
    facts: Facts = {
        source.key: facts_of(source, Header(**json.loads(headers[source.key])))
        for source in planned.sources
        if source.key in described or source.key in kept
    }
    facts |= {key: previous.facts[key] for key in stays}
    before = {key: previous.facts[key] for key in kept}
    facts, remarks = (machine or MachineMade()).upon(facts, before, files.values())
    relabelled = {
        key for key in facts.keys() & kept if _said(facts[key]) != _said(previous.facts[key])
    }
    gone = previous.facts.keys() - facts.keys()
    kept_anew = described & previous.facts.keys()
    text, texts, is_new = vocabulary_of(
        facts, previous, changed=bool(gone or relabelled or kept_anew)
    )
    return Changes(
        content=Content(facts, frozenset(described), text, is_new),
        relabelled=frozenset(relabelled),
        gone=frozenset(gone),
        files=tuple(files[path] for path in sorted(files) if files[path].source in facts),
        texts=texts,
        remarks=remarks,
    )


def _renamed(before: Mapping[str, FileRecord], new: Mapping[str, FileRecord]) -> set[str]:
    """The sources whose files were now taken under another name.

    A series that gained or lost its first slice goes by another name; so does a film that was moved
    to another folder.
    """
    hashes = {record.sha256 for record in new.values()}
    elsewhere = {r.source for r in before.values() if r.sha256 not in hashes}
    moved = {record.source for record in before.values()} - elsewhere
    return moved | {before[path].source for path in new.keys() & before.keys()}


def _said(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def vocabulary_of(facts: Facts, previous: Previous, changed: bool) -> tuple[TextModel, int, bool]:
    """The vocabulary, how many texts it was learned from, and whether it is new.

    What was removed or replaced must not live on in it, so then it is always learned again. Of what
    machines wrote it learns the wording alone; a phrase that it does not know has it learned again.
    """
    phrases = phrases_of(facts)
    texts = [*people_s_texts(facts), *phrases]
    generation = previous.generation
    if generation is not None and previous.usable and not changed:
        before = generation.manifest["texts"]
        if len(texts) <= (1 + _REFIT_SHARE) * before:
            text = read_heads(generation.path / "heads").text
            if bool(text.transform(phrases).any(axis=1).all()):
                return text, before, False
    return fit_text(texts), len(texts), True
