"""What is known of a scan: the manifest before the folder's name before the file's header."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from indexer.row import Row
from indexer.scan import Header
from indexer.sources import Source

Facts = dict[str, Any]

LEAST_UID = 12  # characters; shorter dotted numbers are a person's own numbering


def facts_of(source: Source, header: Header) -> Facts:
    """The columns of `indexer.store.FACTS` and the manifest's further ones; None: nobody said.

    `header` is that of the source's first file.
    """
    row = source.row or Row(line=0, path=source.key)
    patient = row.patient_id or header.patient_id
    study = row.study_id or header.study_id
    said: Facts = {
        "case_id": case_key(patient, study, source.key),
        "patient_id": patient,
        "header_patient_id": header.patient_id,
        "study_id": study,
        "series_id": header.series_id,
        "modality": row.modality or header.modality,
        "body_part": row.body_part or header.body_part,
        "view": row.view or header.view,
        "sex": row.sex or header.sex,
        "age": header.age if row.age is None else row.age,
        "label": label_of(source, header),
        "findings": row.findings or header.text,
        "split": row.split,
        **row.extra,
    }
    return {name: None if value == "" else value for name, value in said.items()}


def label_of(source: Source, header: Header) -> str:
    """The label of a source, or "".

    A manifest with a column `label` is the only word on labels, where it is empty too: its blanks
    are cases whose diagnosis is not to be known. A folder that is named after the patient is no
    label.
    """
    written = source.row.label if source.row else None
    folder = source.label_from_folder
    match source.label_from:
        case "none":
            return ""
        case "manifest":
            return written or ""
        case "folder":
            return folder
        case "dicom":
            return header.label
        case "auto":
            if written is not None:
                return written
            row_patient = source.row.patient_id if source.row else ""
            patients = {_bare(header.patient_id), _bare(row_patient), _bare(header.study_id)}
            return folder if folder and _bare(folder) not in patients else header.label


def owner_of(facts: Mapping[str, Any], key: str) -> str:
    """Whose a scan is; one that names nobody is a patient of its own. `key`: the scan's."""
    return str(facts.get("patient_id") or f"scan {key}")


def case_key(patient_id: str, study_id: str, source: str) -> str:
    """The id of the case that a source belongs to: the study of its patient.

    Without a study every source is a case of its own, and so it is where the study has a short
    number and the patient is not known: another patient may have the same.
    """
    if patient_id and study_id:
        return study_id if study_id == patient_id else f"{patient_id}/{study_id}"
    if "." in study_id and len(study_id) >= LEAST_UID:
        return study_id
    return source


def settle_labels(
    rows: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """One label a case, and remarks. `rows` have `case_id`, `patient_id` and `label`.

    A case that was given two labels has none: neither can be believed. A patient whose cases have
    different labels is only remarked upon: a diagnosis changes over time.
    """
    by_case: dict[str, set[str]] = defaultdict(set)
    by_patient: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        labels = by_case[row["case_id"]]
        if row["label"]:
            labels.add(row["label"])
            if row["patient_id"]:
                by_patient[row["patient_id"]].add(row["label"])
    disputed = sum(len(labels) > 1 for labels in by_case.values())
    changing = sum(len(labels) > 1 for labels in by_patient.values())
    remarks = []
    if disputed:
        remarks.append(f"cases with contradicting labels, taken as unlabelled: {disputed}")
    if changing:
        remarks.append(f"patients with different labels (in time, or by mistake): {changing}")
    settled = {case: min(ls) if len(ls) == 1 else None for case, ls in by_case.items()}
    return settled, tuple(remarks)


def disputes(sources: Iterable[Source]) -> tuple[str, ...]:
    """A remark on the volumes whose slices have different labels, if there are any."""
    count = sum(source.disputed for source in sources)
    return (f"volumes whose slices have different labels, unlabelled: {count}",) if count else ()


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
