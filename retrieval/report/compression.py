"""A model before and after it was made smaller, as one table."""

from collections.abc import Mapping

from models.compress.contract import Measured

_TIME = 8  # so that a table is as wide today as it was yesterday


def table(rows: Mapping[str, Measured]) -> str:
    """Markdown that reads well in a terminal: a row a form, the first one what others change from.

    Behind each figure of another form than the first stands how much it gained or lost.
    """
    first = next(iter(rows.values()))
    names = list(first.right)
    lines = [["", "file, MiB", "parameters", "ms", "CPU ms", *names]]
    for form, row in rows.items():
        size = [f"{row.mib:.2f}", f"{row.parameters:,}"]
        speed = [f"{row.cost.ms:.2f}", f"{row.cost.cpu_ms:.2f}"]
        right = [_figure(row.right[name], first.right[name], row is first) for name in names]
        lines.append([form, *size, *speed, *right])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    widths[3:5] = [max(width, _TIME) for width in widths[3:5]]
    drawn = [f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([drawn[0], rule, *drawn[1:]])


def _figure(value: float, before: float, alone: bool) -> str:
    return f"{value:.4f}" if alone else f"{value:.4f} ({value - before:+.4f})"
