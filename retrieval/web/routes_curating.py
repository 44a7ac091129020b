"""What curators may do: keep a scan that was handed in, give a case another label, remove one.

Each is on record before it is done.
"""

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from indexer.workers import WorkerPool
from retrieval.index import OpenIndex
from retrieval.scans import scan_files
from retrieval.web.access.gate import owner_of
from retrieval.web.audit import events
from retrieval.web.curating import Change, Curator, files_of
from retrieval.web.desks import Desk
from retrieval.web.noting import note, noted
from retrieval.web.problems import Problem
from retrieval.web.state import served

router = APIRouter(tags=["curating"])

# Expressions of Rust's regex, where $ is the end of the text alone.
_STEERS = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
_Label = Field(max_length=200, pattern=rf"^[^{_STEERS}]*[^\s{_STEERS}][^{_STEERS}]*$")
_Pseudonym = Field(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
_Findings = Field(default="", max_length=10_000)


class AddBody(BaseModel):
    """A scan that was handed in, what it is, and what its patient is called here."""

    model_config = ConfigDict(extra="forbid")
    scan_id: str = Field(max_length=64)
    label: str = _Label
    patient_id: str = _Pseudonym
    findings: str = _Findings


class LabelBody(BaseModel):
    """What a case is."""

    model_config = ConfigDict(extra="forbid")
    label: str = _Label


def curator(request: Request) -> Curator:
    """Who changes the archive of this server. Raises `Problem` where it may not be changed."""
    found = served(request).curator
    if found is None:
        todo = "Ask who runs this server to start it with --archive."
        raise Problem(403, "no_archive", "this server does not change its archive", todo)
    return found


TheCurator = Annotated[Curator, Depends(curator)]


@router.post("/cases", status_code=202)
async def add(request: Request, body: AddBody, curating: TheCurator) -> dict[str, Any]:
    """Keeps a scan, without what told whose it was, and takes it into the index."""
    here = served(request)
    held = here.uploads.get(body.scan_id, owner_of(request))
    # A study of its own: what this patient had before stays what it was.
    study = f"added-{secrets.token_hex(6)}"

    def keep(desk: Desk, index: OpenIndex) -> Change:
        folder = held.folder / study
        try:
            _deidentified(desk.pool(index), scan_files(held.path), folder, body.patient_id)
            note(request, events.IMPORT, events.CREATE, [f"{body.patient_id}/{study}"])
            said = {"label": body.label.strip(), "findings": _lines(body.findings)}
            return curating.add(folder, body.patient_id, study, said)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return (await here.desks.do(request, keep)).to_json()


@router.patch("/cases/{case_id:path}", status_code=202)
async def relabel(
    request: Request, case_id: str, body: LabelBody, curating: TheCurator
) -> dict[str, Any]:
    """Gives a case another label."""
    files = await run_in_threadpool(_files, request, case_id)
    await noted(request, events.INSTANCES_ACCESSED, events.UPDATE, [case_id], label=True)
    change = await run_in_threadpool(curating.relabel, case_id, files, body.label.strip())
    return change.to_json()


@router.delete("/cases/{case_id:path}", status_code=202)
async def remove(request: Request, case_id: str, curating: TheCurator) -> dict[str, Any]:
    """Takes a case out of the index, so that nothing of it is left there."""
    await run_in_threadpool(_files, request, case_id)
    await noted(request, events.STUDY_DELETED, events.DELETE, [case_id])
    return curating.remove(case_id).to_json()


@router.get("/changes/{change_id}")
def change(change_id: str, curating: TheCurator) -> dict[str, Any]:
    """What became of a change: waiting, working, done or failed, and why."""
    return curating.change(change_id).to_json()


def _files(request: Request, case_id: str) -> list[str]:
    with served(request).archive.reading() as opened:
        found = files_of(opened, case_id)
    if not found:
        raise Problem(404, "no_case", "there is no such case in this generation")
    return found


def _deidentified(pool: WorkerPool, paths: Sequence[str], folder: Path, patient: str) -> None:
    """Has a worker write the scan anew into `folder`. Raises `UnreadableScan`."""
    from pydicom.uid import generate_uid

    folder.mkdir(mode=0o700)
    job = {
        "job": "deidentify",
        "paths": list(paths),
        "folder": str(folder),
        "patient": patient,
        "study": generate_uid(prefix=None),
        "series": generate_uid(prefix=None),
    }
    (outcome,) = pool.run([("deidentify", job)])
    if outcome.error is not None:
        raise outcome.error
    if not all(file.is_file() and not file.is_symlink() for file in folder.iterdir()):
        raise Problem(422, "failed", "what the worker wrote of the scan does not fit")


def _lines(text: str) -> str:
    """A report without characters that no text has."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable()).strip()
