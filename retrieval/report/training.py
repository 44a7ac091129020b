"""The report of a training run: `report.json` for programs, `report.html` for people."""

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.files import write_whole
from retrieval.report import DISCLAIMER, plots
from retrieval.report.encoded import encoder_figures
from retrieval.report.findings import annotator_figures, named_findings
from retrieval.report.html import environment
from retrieval.report.learned import classifier_figures, predictions_of, segmenter_figures

if TYPE_CHECKING:
    from indexer.learn.annotator import AnnotatorLearned
    from indexer.learn.classifier import Learned
    from indexer.learn.encoder import EncoderLearned
    from indexer.learn.segmenter import SegmenterLearned


def write_classifier_report(learned: "Learned", run: Path) -> dict[str, Any]:
    """Writes both into `run` and gives the figures. Raises `CannotWrite`."""
    figures = classifier_figures(learned)
    answers = learned.answers
    systems = {"classifier": predictions_of(answers)} | {
        name: predictions_of(answers, found) for name, found in answers.floors.items()
    }
    pictures = {
        "How well each class is told from the others": plots.roc(systems),
        "Calibration": plots.reliability(systems["classifier"]),
    }
    _write(figures, pictures, "classifier.html.j2", run)
    return figures


def write_segmenter_report(learned: "SegmenterLearned", run: Path) -> dict[str, Any]:
    """Writes both into `run` and gives the figures. Raises `CannotWrite`."""
    figures = segmenter_figures(learned)
    names = sorted({fit.source for fit in learned.fits})
    dice = {
        name or "all": [fit.dice for fit in learned.fits if fit.source == name] for name in names
    }
    pictures = {"Dice of the test films": plots.spread(dice, "Dice")}
    _write(figures, pictures, "segmenter.html.j2", run)
    return figures


def write_annotator_report(learned: "AnnotatorLearned", run: Path) -> dict[str, Any]:
    """Writes both into `run` and gives the figures. Raises `CannotWrite`."""
    figures = annotator_figures(learned)
    pictures = {
        "How well each finding is told": plots.roc_of_findings(named_findings(learned.answers))
    }
    _write(figures, pictures, "annotator.html.j2", run)
    return figures


def write_encoder_report(learned: "EncoderLearned", run: Path) -> dict[str, Any]:
    """Writes both into `run` and gives the figures. Raises `CannotWrite`."""
    figures = encoder_figures(learned)
    _write(figures, {}, "encoder.html.j2", run)
    return figures


def _write(figures: dict[str, Any], pictures: dict[str, bytes], template: str, run: Path) -> None:
    pictures = {"The course of the training": (run / "curves.png").read_bytes(), **pictures}
    page = (
        environment()
        .get_template(template)
        .render(
            told=figures,
            settings=json.loads((run / "settings.json").read_text(encoding="utf-8")),
            pictures={title: _uri(png) for title, png in pictures.items()},
            made=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
            disclaimer=DISCLAIMER,
        )
    )
    write_whole(run / "report.json", json.dumps(figures, indent=1).encode())
    write_whole(run / "report.html", page.encode())


def _uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
