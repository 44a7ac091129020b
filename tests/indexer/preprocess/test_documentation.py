"""`docs/preprocessing.md` says what there is, and every example in it can be run."""

import re
from pathlib import Path

import pytest

from indexer.preprocess import parse_chain
from indexer.preprocess.steps import STEPS
from models.segmenters import TABLE, load

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "preprocessing.md").read_text("utf-8")
TABLE_OF_STEPS = TEXT.split("| step |")[1].split("\n\n")[0].splitlines()[2:]
ROWS = [[cell.strip(" `") for cell in line.split("|")[1:6]] for line in TABLE_OF_STEPS]


def test_every_step_has_its_row() -> None:
    assert len(ROWS) == 16
    assert sorted(name for name, *_ in ROWS) == sorted(STEPS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_examples_and_defaults_are_true(row: list[str]) -> None:
    name, arguments, _, example, _ = row
    assert name in [step.name for step in parse_chain(example)]
    defaults = [p.default for p in STEPS[name].parameters if p.default is not None]
    assert re.findall(r"\(`?([a-z0-9.]+)`?\)", arguments) == defaults


def test_every_chain_in_the_text_can_be_read() -> None:
    chains = re.findall(r'^ +"?[A-Z ]+"? = (\[.*\])$', TEXT, re.MULTILINE)
    assert len(chains) == 3
    for chain in chains:
        parse_chain(re.findall(r'"([^"]+)"', chain))


def test_every_segmenter_has_its_row() -> None:
    named = re.findall(r"^\| `([a-z_]+)[:`]", TEXT.split("# Segmentation")[1], re.MULTILINE)
    assert sorted(set(named) - {"none", "given"}) == sorted(TABLE)
    for name in TABLE:
        assert load(name).name == name
