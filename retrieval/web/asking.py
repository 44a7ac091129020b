"""What a request asks, as a `Query`; and what it is answered."""

import base64
import math
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from indexer.region import Region as Cut
from models.arrays import FloatImage
from models.saliency.split import relative
from models.saliency.tint import FULL
from retrieval import aggregation
from retrieval.answer import Answer, Hit
from retrieval.query import Query
from retrieval.report.as_json import as_object
from retrieval.report.marking import marked
from retrieval.web.uploads import Uploads
from retrieval.why import Why

NOTICE = "decision support for research, not for primary diagnosis"
_MAP_PX = 112
_LISTS = ("modality", "body_part", "view", "label", "sex")
_Text = Field(default="", max_length=4000)
_MOST_PX = 1_000_000
_Pixel = Field(ge=0, le=_MOST_PX)
_Id = Field(max_length=512)


class Filters(BaseModel):
    """Lists are alternatives; all together must hold. `age`: years, from and to."""

    model_config = ConfigDict(extra="forbid")
    modality: list[str] = Field(default=[], max_length=100)
    body_part: list[str] = Field(default=[], max_length=100)
    view: list[str] = Field(default=[], max_length=100)
    label: list[str] = Field(default=[], max_length=100)
    sex: list[str] = Field(default=[], max_length=10)
    age: tuple[float, float] | None = None


class Region(BaseModel):
    """A box in pixels of the scan, on one of its frames (of a volume: slices)."""

    model_config = ConfigDict(extra="forbid")
    x: float = _Pixel
    y: float = _Pixel
    w: float = _Pixel
    h: float = _Pixel
    frame: int | None = Field(default=None, ge=0, le=_MOST_PX)

    def cut(self) -> Cut:
        """The whole pixels that it covers, as the engine takes them."""
        left, top = int(self.x), int(self.y)
        right, bottom = math.ceil(self.x + self.w), math.ceil(self.y + self.h)
        return Cut(left, top, right - left, bottom - top, self.frame)


class AskedBody(BaseModel):
    """What is asked; as the options of `cbir query`."""

    model_config = ConfigDict(extra="forbid")
    scan_id: str | None = Field(default=None, max_length=64)
    case_id: str | None = Field(default=None, max_length=512)
    text: str = _Text
    k: int = Field(default=5, ge=1, le=100)
    weights: dict[str, float] = Field(default={}, max_length=16)
    where: str = _Text
    filters: Filters = Filters()
    region: Region | None = None
    like: list[str] = Field(default=[], max_length=100)
    unlike: list[str] = Field(default=[], max_length=100)
    refine: Literal["diagnosis"] | None = None
    spread: bool = False
    aggregate: str = Field(default=aggregation.DEFAULT, max_length=40)
    coverage: float = Field(default=0.9, ge=0.5, le=0.99)
    patient_id: str = Field(default="", max_length=512)
    work_id: str = Field(default="", max_length=64)


class MapBody(AskedBody):
    """The same, and the case whose likeness is to be shown."""

    hit: str = _Id


class ReportBody(AskedBody):
    """The same, and the form of the report."""

    format: Literal["html", "pdf"] = "html"


def query_of(body: AskedBody, uploads: Uploads, owner: str) -> Query:
    """The query. Raises `Problem` for a scan that is not held, or what cannot be asked here."""
    like = tuple(([body.case_id] if body.case_id else []) + body.like)
    return Query(
        scan=uploads.get(body.scan_id, owner).path if body.scan_id else None,
        text=body.text,
        k=body.k,
        weights=body.weights,
        where=where_of(body.where, body.filters),
        patient_id=body.patient_id,
        coverage=body.coverage,
        aggregate=body.aggregate,
        like=like,
        unlike=tuple(body.unlike),
        refine=body.refine or "",
        spread=body.spread,
        region=None if body.region is None else body.region.cut(),
    )


def where_of(where: str, filters: Filters) -> str:
    """A filter and lists of values as one filter; see docs/filters.md."""
    parts = [f"({where})"] if where.strip() else []
    for name in _LISTS:
        values: list[str] = getattr(filters, name)
        if values:
            quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
            parts.append(f"{name} IN ({quoted})")
    if filters.age is not None:
        low, high = filters.age
        parts.append(f"age >= {low:g} AND age <= {high:g}")
    return " AND ".join(parts)


def answered(answer: Answer, text: str) -> dict[str, Any]:
    """The answer as the API gives it: as `cbir query`, without this machine's paths."""
    told = as_object(answer)
    told["query"]["path"] = None
    del told["index"]["path"]
    hits: list[tuple[Hit | None, dict[str, Any] | None]] = [
        *zip(answer.hits, told["hits"], strict=True),
        *zip(answer.priors, told["priors"], strict=True),
        (answer.against, told["against"]),
    ]
    for hit, written in hits:
        if hit is not None and written is not None:
            written["instance"] = hit.instance
            written["words"] = spans(hit.findings, text)
    told["query_id"] = secrets.token_hex(8)
    told["notice"] = NOTICE
    told["software"] = {"version": answer.index.software, "encoder": answer.index.encoder}
    return told


def spans(text: str, asked: str) -> list[tuple[int, int]]:
    """The places of `text` that are words of `asked`, in characters."""
    found, at = [], 0
    for piece, hit in marked(text, asked) if text and asked.strip() else ():
        if hit:
            found.append((at, at + len(piece)))
        at += len(piece)
    return found


def maps_of(why: Why, hit: Hit) -> dict[str, Any]:
    """The maps over query and hit, and the words."""
    sides = {"query": (why.query, why.query_slice), "hit": (why.hit, hit.slice_index)}
    told: dict[str, Any] = {
        side: None if places is None else _map(places.given, number)
        for side, (places, number) in sides.items()
    }
    told["apart"] = {
        side: _map(places.apart, number)
        for side, (places, number) in sides.items()
        if places is not None
    } or None
    told["words"] = [{"term": word.term, "gave": word.gave} for word in why.words.matched]
    told["notes"] = list(why.notes)
    return told


def _map(given: FloatImage, frame: int | None) -> dict[str, Any]:
    """A place that gave no more than the mean place is 0; `FULL` times as much or more is 255."""
    above = np.clip((relative(given) - 1) / (FULL - 1), 0, 1)
    smooth = cv2.resize(above, (_MAP_PX, _MAP_PX), interpolation=cv2.INTER_CUBIC)
    values = np.rint(np.clip(smooth, 0, 1) * 255).astype(np.uint8)
    return {
        "frame": frame or 0,
        "width": _MAP_PX,
        "height": _MAP_PX,
        "values": base64.b64encode(values.tobytes()).decode("ascii"),
    }


def counts(values: Sequence[str | None]) -> Mapping[str, int]:
    """How often each is there, the most frequent first; what nobody said is left out."""
    found: dict[str, int] = {}
    for value in values:
        if value:
            found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))
