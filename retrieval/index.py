"""An index that is open for asking: the live generation's tables, vectors and fitted heads.

A reader keeps the generation that it opened, whatever is committed meanwhile.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from indexer import readers
from indexer.checks import Checks
from indexer.config import Config, from_json, identity
from indexer.fit import Heads, read_heads
from indexer.searchable import open_search
from indexer.searched import blocks_of, searched_dims
from indexer.store import Store
from models.arrays import FloatImage, Mask
from models.descriptors import BLOCKS
from models.encoders import EncoderSpec
from models.errors import IndexUnusable
from models.heads.likeness import BLOCK
from models.regions import basis_file
from models.regions.cells import CellBasis
from retrieval.answer import Hit, IndexFacts
from retrieval.kinds import Kinds
from retrieval.ranking import CaseRanker, Ranked


class OpenIndex:
    """One generation, read once. Row i of every table is vector i."""

    def __init__(self, path: Path) -> None:
        """Opens the live generation of `path`.

        Files are compared with the manifest's hashes before anything is said from them; those of
        a large index when they are first needed. Raises `IndexUnusable` or `IndexDamaged`.
        """
        self.path = path
        self.generation, self._held = readers.open_held(path)
        self._checks = Checks(self.generation)
        self._checks.at_opening()
        told = self.generation.manifest
        self.config: Config = from_json(told["config"])
        self.dims: dict[str, int] = {name: told["dims"][name] for name in BLOCKS}
        self.store = Store(self.generation.path)
        self.heads: Heads = read_heads(self.generation.path / "heads", self.dims)
        self.facts: pa.Table = self.store.facts()
        self.cases: pa.Table = self.store.table("cases")
        self.searched = searched_dims(self.dims, self.heads.likeness)
        self.blocks = blocks_of(self.searched)

    def close(self) -> None:
        """Lets go of the generation."""
        readers.let_go(self._held)
        self._held = None

    def warm(self) -> None:
        """Loads what every query by a scan needs, and is otherwise loaded by the first."""
        _ = self.ranker
        self.cases_of_files(())

    @property
    def told(self) -> IndexFacts:
        """Which index it is, for the answer."""
        told = self.generation.manifest
        return IndexFacts(
            path=str(self.path),
            generation=self.generation.number,
            cases=told["counts"]["cases"],
            instances=told["counts"]["instances"],
            encoder=told["encoder"]["name"],
            software=told["software"],
            created=told["created"],
        )

    @property
    def weights(self) -> dict[str, float]:
        """The weights of what is searched, where the query names no others."""
        return self.heads.weights

    @property
    def vote_weights(self) -> dict[str, float]:
        """Those with which cases vote for a diagnosis: without what their labels taught."""
        return self.heads.fusion.weights

    def learned_block(self, features: Mapping[str, FloatImage]) -> dict[str, FloatImage]:
        """What the archive's labels taught of a scan, by its name; nothing if they taught nothing.

        `features`: its blocks, float32 (instances, dim) each.
        """
        taught = self.heads.likeness
        return {} if taught is None else {BLOCK: taught.block(features)}

    @cached_property
    def ranker(self) -> CaseRanker:
        """Finds the nearest cases."""
        told, folder = self.generation.manifest.get("search"), self.generation.path
        index, near = open_search(folder, told, self.blocks, len(self.facts), self._checks.needed)
        return CaseRanker(index, self._case_of_row, near)

    @cached_property
    def _case_of_row(self) -> np.ndarray:
        import pyarrow.compute as pc

        found = pc.index_in(self.facts.column("case_id"), self.cases.column("case_id"))
        return np.asarray(found.to_numpy(), np.int64)

    @cached_property
    def case_ids(self) -> list[str]:
        """Each case's id."""
        names: list[str] = self.cases.column("case_id").to_pylist()
        return names

    @cached_property
    def labels(self) -> list[str]:
        """Each case's label; empty where it has none."""
        return [label or "" for label in self.cases.column("label").to_pylist()]

    @cached_property
    def several(self) -> float:
        """The share of the labelled cases that have several pictures."""
        names = self.facts.column("case_id").value_counts()
        counts = {one["values"].as_py(): one["counts"].as_py() for one in names}
        rows = self.cases.select(["case_id", "label"]).to_pylist()
        many = [counts.get(row["case_id"], 0) > 1 for row in rows if row["label"]]
        return float(np.mean(many)) if many else 0.0

    @cached_property
    def kinds(self) -> Kinds:
        """What the labelled cases are of."""
        labelled = np.array([bool(label) for label in self.labels], bool)
        told = self.cases.select(["modality", "body_part"]).filter(pa.array(labelled))
        return Kinds.of(told.column("modality").to_pylist(), told.column("body_part").to_pylist())

    @cached_property
    def basis(self) -> CellBasis | None:
        """How its cells were made; None in an index that was built without. See docs/regions.md."""
        return basis_file.load(self.generation.path / "heads")

    def label_mask(self, excluded: str) -> Mask:
        """The rows of labelled cases with another label than `excluded`: bool (rows,)."""
        other = np.array([label not in ("", excluded) for label in self.labels])
        mask: Mask = other[self._case_of_row]
        return mask

    @cached_property
    def annotated(self) -> Mask:
        """The rows with a text: bool (rows,)."""
        texts = self.facts.column("findings").to_pylist()
        mask: Mask = np.array([bool(text) for text in texts], bool)
        return mask

    def labelled_mask(self) -> Mask:
        """The rows of labelled cases: bool (rows,)."""
        return self.label_mask("")

    def require(self, spec: EncoderSpec) -> None:
        """Raises `IndexUnusable` unless a scan described now compares with those of the index.

        `spec` has to be the very encoder that built it, and this software has to describe a scan as
        the one that built it did.
        """
        told = self.generation.manifest["encoder"]
        if (spec.name, spec.sha256) != (told["name"], told["sha256"]):
            raise IndexUnusable(
                f"{self.path} was built with the encoder {told['name']} ({told['sha256'][:12]}), "
                f"installed is {spec.name} ({spec.sha256[:12]}); their numbers do not compare: "
                "build the index again, or install that encoder with `cbir models add`"
            )
        built_by = self.generation.manifest["software"]
        if identity(self.config, spec, self.dims) != self.generation.manifest["identity"]:
            raise IndexUnusable(
                f"{self.path} was built by {built_by}, which described scans in another way than "
                "this version does; build the index again, or use that version"
            )

    def selected(self, where: str) -> Mask:
        """The rows that a filter selects: bool (rows,). Raises `UsageError`."""
        if not where.strip():
            return np.ones(len(self.facts), bool)
        from retrieval.where import select

        return select(self.facts, where)

    def columns_of(self, where: str) -> Sequence[str]:
        """The columns that a filter speaks of. Raises `UsageError`."""
        if not where.strip():
            return ()
        from retrieval.where import columns_of

        return columns_of(where, self.facts.schema)

    def rows_of(self, patient_ids: Sequence[str], case_ids: Sequence[str]) -> Mask:
        """The rows of some patients' cases, and of some cases: bool (rows,).

        A patient is looked for under the name that the archive gives him and under that which
        stands in his files' headers.
        """
        import pyarrow.compute as pc

        patients = pa.array(list(patient_ids), pa.string())
        cases = pa.array(list(case_ids), pa.string())
        wanted = (("case_id", cases), ("patient_id", patients), ("header_patient_id", patients))
        found = [pc.is_in(self.facts.column(name), values).to_numpy() for name, values in wanted]
        mask: Mask = np.logical_or.reduce(found)
        return mask

    def cases_of_files(self, sha256: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The cases that hold a file with one of these hashes, and their patients."""
        import pyarrow.compute as pc

        known = pc.is_in(self._files.column("sha256"), pa.array(list(sha256), pa.string()))
        sources = self._files.filter(known).column("source")
        rows = self.facts.filter(pc.is_in(self.facts.column("source"), sources.combine_chunks()))
        cases = rows.column("case_id").unique().to_pylist()
        patients = rows.column("patient_id").unique().to_pylist()
        return tuple(cases), tuple(patient for patient in patients if patient)

    @cached_property
    def _files(self) -> pa.Table:
        self._checks.needed("files.parquet")
        return self.store.table("files").select(["source", "sha256"])

    def text_vector(self, text: str) -> FloatImage:
        """The text block of some words: float32 (1, dim); zeros if none is known."""
        vector: FloatImage = self.heads.text.transform([text])
        return vector

    def hit(self, rank: int, ranked: Ranked, row: int, given: dict[str, float]) -> Hit:
        """What a person is told of a case that was found, at its best row."""
        case = self.cases.slice(ranked.case, 1).to_pylist()[0]
        place = self.facts.slice(row, 1).drop_columns(["instance_id"]).to_pylist()[0]
        # What is said of the very scan that was found, before what is said of its case.
        text = place if place["findings"] else case
        told = {name: case[name] or "" for name in ("patient_id", "label")}
        told |= {name: text.get(name) or "" for name in ("findings", "annotated_by")}
        shown = {name: case[name] or "" for name in ("modality", "body_part", "view", "sex")}
        return Hit(
            rank=rank,
            case_id=case["case_id"],
            score=sum(given.values()),
            contributions=given,
            path=place["path"],
            instance=row,
            age=case["age"],
            slice_index=None if place["slice_index"] < 0 else place["slice_index"],
            instances=case["instances"],
            region=None,
            **told,
            **shown,
        )
