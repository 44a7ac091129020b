"""An answer as a PDF for A4: query, suggestion, cases with their split scores, provenance.

Needs reportlab (the extra `serve`). Texts are drawn with fonts that every reader has: Helvetica,
and for Chinese the Adobe font STSong-Light, which is named in the file and not embedded. Characters
that neither has are written by number, as characters that cannot be seen are.
"""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from retrieval.answer import Answer, Hit
from retrieval.report import DISCLAIMER
from retrieval.report.differential import explained, speaks_against
from retrieval.report.marking import marked
from retrieval.report.shown import age, beyond, machine_made, one_line, percent, visible

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

_CHINESE = "STSong-Light"
_RUN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+")
_MARGIN_MM, _FILM_MM, _BAR_MM = 18, 38, 70
_SHADES = {
    "colour": "#4477aa",
    "edge": "#228833",
    "embedding": "#ccbb44",
    "text": "#ee6677",
    "learned": "#aa3377",
}
_OTHER = "#888888"
_LONGEST = 3000  # characters of a report text that are shown


def render(answer: Answer, previews: Mapping[int, bytes], made: datetime | None = None) -> bytes:
    """The document. `previews`: instance row -> JPEG. `made`: when; now, if not given."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import SimpleDocTemplate

    pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    data = io.BytesIO()
    document = SimpleDocTemplate(
        data,
        pagesize=A4,
        leftMargin=_MARGIN_MM * mm,
        rightMargin=_MARGIN_MM * mm,
        topMargin=_MARGIN_MM * mm,
        bottomMargin=_MARGIN_MM * mm,
        title="Similar cases",
        author="cbir",
        invariant=True,  # no time and no identifier beside those that are shown
    )
    when = (made or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M")
    document.build(_Pages(answer, previews).flowables(when), _foot, _foot)
    return data.getvalue()


def drawable(text: str) -> str:
    """`text` as the markup of a paragraph: escaped, visible, each run in a font that has it."""
    shown = visible(text)
    found, at = [], 0
    for run in _RUN.finditer(shown):
        found.append(_latin(shown[at : run.start()]))
        found.append(f'<font name="{_CHINESE}">{escape(run.group())}</font>')
        at = run.end()
    return "".join([*found, _latin(shown[at:])])


def _latin(text: str) -> str:
    """The characters of Windows-1252, which Helvetica has; others by number."""
    plain = text.replace("⟨", "<").replace("⟩", ">")
    return escape("".join(one if _in_helvetica(one) else f"<U+{ord(one):04X}>" for one in plain))


def _in_helvetica(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _foot(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.drawString(document.leftMargin, 28, DISCLAIMER)
    canvas.drawRightString(document.pagesize[0] - document.rightMargin, 28, str(document.page))
    canvas.restoreState()


class _Pages:
    """The document's parts, from the top to the end."""

    def __init__(self, answer: Answer, previews: Mapping[int, bytes]) -> None:
        from reportlab.lib.styles import ParagraphStyle

        self._answer, self._previews = answer, previews
        plain = ParagraphStyle("plain", fontName="Helvetica", fontSize=9, leading=12)
        self._styles = {
            "plain": plain,
            "small": ParagraphStyle("small", plain, fontSize=8, leading=10),
            "title": ParagraphStyle("title", plain, fontSize=16, leading=20),
            "head": ParagraphStyle("head", plain, fontSize=11, leading=14, spaceBefore=8),
        }

    def flowables(self, when: str) -> list["Flowable"]:
        """All parts."""
        answer = self._answer
        parts: list[Flowable] = [self._text("Similar cases", "title"), self._text(DISCLAIMER)]
        remarks = [f"Image: {one}" for one in answer.query.quality] + list(answer.remarks)
        parts += [self._text(remark) for remark in remarks]
        parts += [self._text("Query", "head"), self._query()]
        parts += [self._text("What the cases suggest", "head"), *self._diagnosis()]
        parts += self._cases("Nearest cases", answer.hits)
        if answer.against is not None and not answer.against.rank:
            parts += self._cases(speaks_against(answer.diagnosis), [answer.against])
        parts += self._cases("The same patient's other studies", answer.priors)
        return [*parts, self._text("Provenance", "head"), *self._provenance(when)]

    def _text(self, text: str, style: str = "plain") -> "Flowable":
        from reportlab.platypus import Paragraph

        return Paragraph(drawable(text), self._styles[style])

    def _query(self) -> "Flowable":
        query = self._answer.query
        said = [" · ".join(filter(None, (query.modality, query.body_part)))]
        said += [f"Words: {one_line(query.text)}"] if query.text else []
        said += [f"Filter: {one_line(query.where)}"] if query.where else []
        said += [f"{name} {text}" for name, text in beyond(query)]
        lines = [self._text(text) for text in filter(None, said)]
        return self._beside(query.preview, lines or [self._text("")])

    def _diagnosis(self) -> list["Flowable"]:
        told = self._answer.diagnosis
        if told.label is None:
            head = [self._text(f"No suggestion: {told.reason or 'nothing speaks for a label'}")]
        else:
            head = [self._text(f"Suggested: {told.label}")]
        shares = [
            self._text(
                f"{label}: {percent(share)}{' (not ruled out)' if label in told.set else ''}"
            )
            for label, share in told.probabilities.items()
        ]
        return [*head, *shares, *(self._text(one, "small") for one in explained(told))]

    def _cases(self, title: str, hits: Sequence[Hit]) -> list["Flowable"]:
        if not hits:
            return []
        return [self._text(title, "head"), *(self._case(hit) for hit in hits)]

    def _case(self, hit: Hit) -> "Flowable":
        from reportlab.platypus import Paragraph

        rank = f"{hit.rank}. " if hit.rank else ""
        sex = {"M": "male", "F": "female", "O": "other"}.get(hit.sex, hit.sex)
        facts = (age(hit.age), sex, hit.modality, hit.body_part, hit.view)
        split = ", ".join(f"{name} {part:.2f}" for name, part in hit.contributions.items())
        lines: list[Flowable] = [
            self._text(f"{rank}{hit.label or 'no label'}, score {hit.score:.2f}"),
            _bar(hit.contributions),
            self._text(split, "small"),
            self._text(" · ".join(filter(None, facts)), "small"),
            self._text(f"case {hit.case_id}", "small"),
        ]
        if hit.findings:
            pieces = marked(hit.findings[:_LONGEST], self._answer.query.text)
            shown = "".join(f"<b>{drawable(t)}</b>" if m else drawable(t) for t, m in pieces)
            lines.append(Paragraph(shown, self._styles["plain"]))
        if hit.annotated_by:
            lines.append(self._text(machine_made(hit.annotated_by), "small"))
        return self._beside(self._previews.get(hit.instance, b""), lines)

    def _beside(self, jpeg: bytes, lines: list["Flowable"]) -> "Flowable":
        """A film with lines at its right."""
        from reportlab.lib.units import mm
        from reportlab.platypus import Image, Table

        film: Flowable | str = "no preview"
        if jpeg:
            film = Image(io.BytesIO(jpeg), _FILM_MM * mm, _FILM_MM * mm, kind="proportional")
        table = Table([[film, lines]], colWidths=[(_FILM_MM + 4) * mm, None], splitInRow=1)
        table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("FONTSIZE", (0, 0), (0, 0), 8)])
        return table

    def _provenance(self, when: str) -> list["Flowable"]:
        index, query = self._answer.index, self._answer.query
        weights = ", ".join(f"{name} {share:.2f}" for name, share in query.weights.items())
        return [
            self._text(text, "small")
            for text in (
                f"Made {when} with {index.software}; encoder {index.encoder}.",
                f"Index {index.path}, generation {index.generation} of {index.created}: "
                f"{index.cases} cases, {index.instances} instances.",
                f"Weights: {weights}. Ranked by {query.aggregate}.",
            )
        ]


def _bar(parts: Mapping[str, float]) -> "Flowable":
    """A score as a bar: the whole width is a score of 1, each descriptor's part has its colour."""
    from reportlab.graphics.shapes import Drawing, Rect
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm

    width = _BAR_MM * mm
    drawing = Drawing(width, 8)
    left = 0.0
    pieces = [(0.0, width, "#e4e4e4")]
    for name, part in parts.items():
        length = min(width - left, max(0.0, part) * width)
        pieces.append((left, length, _SHADES.get(name, _OTHER)))
        left += length
    for start, length, shade in pieces:
        piece = Rect(start, 2, length, 4)
        piece.fillColor, piece.strokeColor = HexColor(shade), None
        drawing.add(piece)
    flowable: Flowable = drawing
    return flowable
