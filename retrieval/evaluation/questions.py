"""Who asks: a case of the archive without its patient, or a case of a query set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.fit import seen_cases
from indexer.store import block_of
from models.arrays import FloatImage, Mask
from models.descriptors import BLOCKS
from models.heads.evidence import sample_judged
from models.runtime.registry import trained_on
from retrieval.index import OpenIndex
from retrieval.ranking import Rows

OF_GROUPS = ("site", "sex", "age", "view", "modality", "body_part")
"""Columns by which figures are told apart, where they are known."""

PATIENT = ("patient_id", "header_patient_id")
"""Columns that name a patient: as the archive calls him, and as a file's header does."""

AGES = ((0, 2, "below 2"), (2, 18, "2 to 17"), (18, 40, "18 to 39"), (40, 65, "40 to 64"))
_OLDEST = "65 and older"


@dataclass(frozen=True, slots=True)
class Question:
    """One case that asks with all its pictures.

    `blocks`: descriptor -> float32 (pictures, dim). `own`: bool (archive's rows,), which may not
    answer: its own case, its patient's others, and whatever holds a file of the same bytes.
    `facts`: of `OF_GROUPS`, those that are known. `preview_row`: of the picture that stands for it.
    """

    case_id: str
    patient_id: str
    label: str
    blocks: Mapping[str, FloatImage]
    own: Mask
    facts: Mapping[str, str]
    preview_row: int


@dataclass(frozen=True, slots=True)
class Questions:
    """All that ask. `left_out`: labelled cases that do not, each kind with its count."""

    asked: tuple[Question, ...]
    left_out: Mapping[str, int]

    @property
    def patients(self) -> list[str]:
        """Each one's patient id; empty where nobody knows."""
        return [one.patient_id for one in self.asked]


def questions_of(asking: OpenIndex, archive: OpenIndex, most: int) -> Questions:
    """The labelled cases of `asking`, at most `most` of them, whole patients.

    `asking` is `archive` itself, or an index of other scans that was built as it was. A case that
    the encoder has learned from does not ask: its embedding is clearer than a new one's. Nor does
    one of a patient from whose labels the archive's weights and learned block were fitted.
    """
    cases = asking.cases
    labels = np.asarray(asking.labels, dtype=str)
    learned = trained_on(asking.config.encoder)
    seen = seen_cases(asking.store, cases, learned)
    may = np.flatnonzero((labels != "") & ~seen)
    patients = [one or "" for one in cases.column("patient_id").to_pylist()]
    owners = [patients[row] for row in may.tolist()]
    chosen = may[sample_judged(owners, np.ones(len(may), bool), most)]
    left_out = {
        "without a label": int((labels == "").sum()),
        "that the encoder has learned from": int(((labels != "") & seen).sum()),
        "beyond the number that was asked for": len(may) - len(chosen),
    }
    maker = _Maker(asking, archive)
    made = [maker.question(int(case)) for case in chosen]
    if asking is not archive:
        labelled = archive.labelled_mask()
        apart = [one for one in made if not (one.own & labelled).any()]
        left_out["of patients from whose labels the archive has learned"] = len(made) - len(apart)
        made = apart
    return Questions(tuple(made), {why: count for why, count in left_out.items() if count})


class _Maker:
    """Makes questions of the cases of an index."""

    def __init__(self, asking: OpenIndex, archive: OpenIndex) -> None:
        self._asking = asking
        self._archive = archive
        self._cases: list[dict[str, object]] = asking.cases.to_pylist()
        self._facts: list[dict[str, object]] = asking.facts.to_pylist()

    def question(self, case: int) -> Question:
        told = self._cases[case]
        rows = self._rows[case]
        name = str(told["case_id"])
        return Question(
            case_id=name,
            patient_id=str(told["patient_id"] or ""),
            label=str(told["label"]),
            blocks={block: vectors[rows] for block, vectors in self._vectors.items()},
            own=self._own(name, rows),
            facts=groups_of(told),
            preview_row=int(str(told["middle_row"])),
        )

    @cached_property
    def _rows(self) -> dict[int, Rows]:
        """Each case's rows."""
        place = {name: at for at, name in enumerate(self._asking.case_ids)}
        rows: dict[int, list[int]] = {}
        for row, fact in enumerate(self._facts):
            rows.setdefault(place[str(fact["case_id"])], []).append(row)
        return {case: np.array(own, np.int64) for case, own in rows.items()}

    @cached_property
    def _vectors(self) -> dict[str, FloatImage]:
        kept = self._asking.store
        parts = [kept.instances(part, BLOCKS) for part in kept.parts()]
        found = {name: np.vstack([block_of(part, name) for part in parts]) for name in BLOCKS}
        if self._asking is not self._archive:
            # Words count by the archive's own vocabulary.
            texts = [str(fact["findings"] or "") for fact in self._facts]
            found["text"] = np.vstack([self._archive.text_vector(text) for text in texts])
        return found

    def _own(self, name: str, rows: Rows) -> Mask:
        """The archive's rows that may not answer for some rows of the asking index."""
        facts = [self._facts[row] for row in rows.tolist()]
        names = [str(fact[key] or "") for fact in facts for key in PATIENT]
        sources = {str(fact["source"]) for fact in facts}
        digests = [digest for source in sources for digest in self._digests.get(source, ())]
        cases = {name} if self._asking is self._archive else set()
        for digest in digests:
            cases |= self._cases_with.get(digest, set())
        patients = set(filter(None, names)) | {
            patient for case in cases for patient in self._patients_of.get(case, ())
        }
        mask = np.zeros(len(self._archive.facts), bool)
        for patient in patients:
            mask[self._rows_of_patient.get(patient, [])] = True
        for case in cases:
            mask[self._rows_of_case.get(case, [])] = True
        return mask

    @cached_property
    def _digests(self) -> dict[str, list[str]]:
        return _grouped(self._asking.store.table("files"), "source", "sha256")

    @cached_property
    def _cases_with(self) -> dict[str, set[str]]:
        """The archive's cases that hold a file of these bytes."""
        case_of = {str(row["source"]): str(row["case_id"]) for row in self._archive_facts}
        found: dict[str, set[str]] = {}
        files = _grouped(self._archive.store.table("files"), "sha256", "source")
        for digest, sources in files.items():
            found[digest] = {case_of[source] for source in sources if source in case_of}
        return found

    @cached_property
    def _archive_facts(self) -> list[dict[str, object]]:
        columns = ["source", "case_id", *PATIENT]
        told: list[dict[str, object]] = self._archive.facts.select(columns).to_pylist()
        return told

    @cached_property
    def _patients_of(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for row in self._archive_facts:
            names = {str(row[key]) for key in PATIENT if row[key]}
            found.setdefault(str(row["case_id"]), set()).update(names)
        return found

    @cached_property
    def _rows_of_patient(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, row in enumerate(self._archive_facts):
            for name in {str(row[key]) for key in PATIENT if row[key]}:
                found.setdefault(name, []).append(at)
        return found

    @cached_property
    def _rows_of_case(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, row in enumerate(self._archive_facts):
            found.setdefault(str(row["case_id"]), []).append(at)
        return found


def _grouped(table: object, key: str, value: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rows: Sequence[Mapping[str, str]] = table.select([key, value]).to_pylist()  # type: ignore[attr-defined]
    for row in rows:
        found.setdefault(row[key], []).append(row[value])
    return found


def groups_of(told: Mapping[str, object]) -> dict[str, str]:
    """What is known of a case, by the columns of `OF_GROUPS`; an age as the group it is in."""
    known = {name: told[name] for name in OF_GROUPS if told.get(name) not in (None, "")}
    return {name: _age(value) if name == "age" else str(value) for name, value in known.items()}


def _age(years: object) -> str:
    value = float(str(years))
    return next((name for low, high, name in AGES if low <= value < high), _OLDEST)
