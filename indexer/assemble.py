"""Puts a generation's store together: unchanged parts are linked, the rest is written anew."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from indexer import store
from indexer.commit import writing
from indexer.previous import Previous
from indexer.store import IDENTITY, PREVIEW, REGIONS, PartWriter, Store
from indexer.work import Workbench
from models.descriptors.text import TextModel

Facts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Content:
    """What the store is to hold.

    `facts`: by source, for every source. `described`: those of them whose rows lie on the
    workbench; the rows of the others are in the previous generation. `text`: the vocabulary.
    `text_is_new`: it is not that of the previous generation.
    """

    facts: Facts
    described: frozenset[str]
    text: TextModel
    text_is_new: bool


def assemble(folder: Path, previous: Previous, bench: Workbench, content: Content) -> None:
    """Writes the instance parts and previews of `content` into `folder`.

    Raises `CannotWrite`, or `IndexDamaged` for an old part that is not what was written.
    """
    old = previous.store
    parts = [] if old is None else old.parts()
    writer = PartWriter(folder, first=1 + max((int(name) for name in parts), default=0))
    if old is not None:
        for name in parts:
            if not _linked(old, name, folder, content):
                for file in files_of(old.folder, name):
                    previous.checks.needed(file)  # what is written anew gets a hash of its own
                _rewrite(old, name, content, writer)
    for table in bench.tables(set(content.described)):
        writer.add(_completed(table, content))
    writer.flush()


def files_of(folder: Path, name: str) -> list[str]:
    """The files of a part; one of an older version has no cells."""
    cells = f"regions/{name}.parquet"
    files = [f"instances-{name}.parquet", f"previews/{name}.parquet"]
    return [*files, cells] if (folder / cells).exists() else files


def _linked(old: Store, name: str, folder: Path, content: Content) -> bool:
    """Links a part in which nothing has changed; gives whether it was so."""
    if content.text_is_new:
        return False
    told = old.instances(name, old.columns(name))
    if not (all(_staying(told, content)) and _as_told(told, content.facts)):
        return False
    _link(old.folder, folder, name)
    return True


def _staying(told: pa.Table, content: Content) -> list[bool]:
    return [
        source in content.facts and source not in content.described
        for source in told.column("source").to_pylist()
    ]


def _rewrite(old: Store, name: str, content: Content, writer: PartWriter) -> None:
    stays = _staying(old.instances(name, ["source"]), content)
    if not any(stays):
        return
    table = old.instances(name).append_column(PREVIEW, old.previews(name).column(PREVIEW))
    regions = old.regions(name, REGIONS)
    if regions is not None:
        for column in REGIONS:
            table = table.append_column(regions.schema.field(column), regions.column(column))
    writer.add(_completed(table.filter(pa.array(stays)), content))


def _as_told(told: pa.Table, facts: Facts) -> bool:
    """Whether the rows' facts are still those of their sources."""
    fresh = store.facts_columns(told.select(IDENTITY.names), facts)
    if not set(told.column_names) <= set(fresh.column_names):
        return False
    return bool(fresh.select(told.column_names).equals(told)) and not any(
        fresh.column(name).null_count < len(fresh)
        for name in set(fresh.column_names) - set(told.column_names)
    )


def _link(source: Path, target: Path, name: str) -> None:
    for part in files_of(source, name):
        with writing(target / part):
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source / part, target / part)
            except OSError:  # a file system without links, or one that has given out too many
                shutil.copyfile(source / part, target / part)


def _completed(table: pa.Table, content: Content) -> pa.Table:
    """The rows with today's facts and the text block that follows from them."""
    table = store.facts_columns(table, content.facts)
    findings = [text or "" for text in table.column("findings").to_pylist()]
    texts = sorted(set(findings))
    vectors = content.text.transform(texts)
    place = {text: row for row, text in enumerate(texts)}
    block = store.block_column(vectors[np.array([place[text] for text in findings])])
    if "text" in table.column_names:
        table = table.drop_columns(["text"])
    return table.append_column("text", block)
