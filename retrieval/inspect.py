"""What an index is, and whether it is what was written."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer import commit, readers, removed
from indexer.content import content_hash
from indexer.fit import read_heads
from indexer.search_report import search_facts, search_text
from indexer.searchable import open_search
from indexer.searched import blocks_of, searched_dims
from indexer.store import Store


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What `cbir info` tells.

    `weights`: of the descriptors; `weights_learned`: from this archive's labels, or the defaults.
    `search`: how it is searched (`indexer.search_report`). `rejects`: reason code -> count.
    """

    path: str
    generation: int
    created: str
    software: str
    archive: str
    encoder: str
    encoder_sha256: str
    counts: dict[str, Any]
    dims: dict[str, int]
    weights: dict[str, float]
    weights_learned: bool
    config: dict[str, Any]
    search: dict[str, Any]
    rejects: dict[str, int]
    bytes: int

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary."""
        return {"schema": 1, **asdict(self)}

    def to_text(self) -> str:
        """Some lines for a terminal."""
        counts = dict(self.counts)
        labels = counts.pop("labels")
        learned = "learned from the labels" if self.weights_learned else "defaults"
        lines = {
            "index": f"{self.path}, generation {self.generation}, {self.bytes / 1e6:.1f} MB",
            "made": f"{self.created} by {self.software} from {self.archive}",
            "holds": ", ".join(f"{count} {name}" for name, count in counts.items()),
            "labels": ", ".join(f"{label} {count}" for label, count in labels.items()) or "none",
            "encoder": f"{self.encoder} (SHA-256 {self.encoder_sha256[:12]})",
            "descriptors": ", ".join(f"{name} {dim}" for name, dim in self.dims.items()),
            "weights": ", ".join(f"{n} {w:.2f}" for n, w in self.weights.items()) + f" ({learned})",
            "search": search_text(self.search),
            "rejects": ", ".join(f"{count} {code}" for code, count in self.rejects.items())
            or "none",
        }
        return "\n".join(f"{name:12}{text}" for name, text in lines.items())


def facts_of(index: Path) -> IndexSummary:
    """What an index holds. Raises `IndexUnusable` or `IndexDamaged`."""
    with readers.holding(index) as generation:
        commit.check(generation, ("heads", "rejects"))
        told = generation.manifest
        heads = read_heads(generation.path / "heads")
        codes = Store(generation.path).table("rejects").column("code").to_pylist()
    return IndexSummary(
        path=str(index),
        generation=generation.number,
        created=told["created"],
        software=told["software"],
        archive=told["archive"],
        encoder=told["encoder"]["name"],
        encoder_sha256=told["encoder"]["sha256"],
        counts=told["counts"],
        dims=told["dims"],
        weights=heads.weights,
        weights_learned=heads.fusion.learned,
        config=told["config"],
        search=search_facts(told.get("search")),
        rejects={code: codes.count(code) for code in sorted(set(codes))},
        bytes=sum(file["bytes"] for file in told["files"].values()),
    )


@dataclass(frozen=True, slots=True)
class Verified:
    """What `cbir verify` tells. `content`: see `indexer.content`."""

    index: str
    generation: int
    files: int
    content: str

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary."""
        return {"schema": 1, **asdict(self)}


def verified(index: Path) -> Verified:
    """Compares every file of the index with what was written.

    Raises `IndexDamaged` naming the first that differs.
    """
    with readers.holding(index) as generation:
        commit.check(generation)
        removed.read(index, generation)
        told = generation.manifest
        dims = searched_dims(told["dims"], read_heads(generation.path / "heads").likeness)
        count = told["counts"]["instances"]
        _, near = open_search(generation.path, told.get("search"), blocks_of(dims), count, _hashed)
        if near is not None:
            near.vectors.check_all()
        content = content_hash(generation)
    return Verified(str(index), generation.number, len(told["files"]), content)


def _hashed(name: str) -> None:
    """Every file was compared already."""
