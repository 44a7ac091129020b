"""Figures, their limits, and the table."""

from benchmarks.figures import Figure, Limit, machine, table


def test_a_limit_from_below_and_one_from_above() -> None:
    assert Figure("speed", "ratio", 4.0, "times", Limit(4, at_least=True)).met is True
    assert Figure("speed", "ratio", 3.9, "times", Limit(4, at_least=True)).met is False
    assert Figure("speed", "took", 1.3, "s", Limit(1.2, at_least=False)).met is False
    assert Figure("speed", "took", 1.3, "s").met is None


def test_the_table_names_a_section_once() -> None:
    figures = [
        Figure("speed", "ratio", 12.345, "times", Limit(4, at_least=True)),
        Figure("speed", "took", 1234.5, "ms"),
    ]
    assert table(figures) == (
        "|       | measure | value | unit  | target | met |\n"
        "|-------|---------|-------|-------|--------|-----|\n"
        "| speed | ratio   | 12.3  | times | >= 4   | yes |\n"
        "|       | took    | 1234  | ms    |        |     |"
    )


def test_a_figure_as_json() -> None:
    assert Figure("speed", "took", 0.5, "s", Limit(1.2, at_least=False)).to_json() == {
        "section": "speed",
        "name": "took",
        "value": 0.5,
        "unit": "s",
        "target": "<= 1.2",
        "met": True,
    }


def test_the_machine_is_described_by_its_kind() -> None:
    told = machine()
    assert told["cores"] >= 1
    assert "numpy" in told["packages"]
