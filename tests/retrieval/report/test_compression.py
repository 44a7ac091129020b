"""The table of a model before and after."""

from models.compress.contract import Measured
from models.measures.speed import Cost
from retrieval.report.compression import table


def test_the_table() -> None:
    rows = {
        "before": Measured(4.683, 1225233, Cost(20.123, 20.0), {"Dice": 0.96342}),
        "int8": Measured(1.22, 1225233, Cost(11.3, 11.21), {"Dice": 0.96339}),
    }
    assert table(rows).splitlines() == [
        "|        | file, MiB | parameters | ms       | CPU ms   | Dice             |",
        "|--------|-----------|------------|----------|----------|------------------|",
        "| before | 4.68      | 1,225,233  | 20.12    | 20.00    | 0.9634           |",
        "| int8   | 1.22      | 1,225,233  | 11.30    | 11.21    | 0.9634 (-0.0000) |",
    ]
