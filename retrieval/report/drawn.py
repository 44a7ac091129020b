"""Tables of text: columns as wide as what stands in them."""

from collections.abc import Sequence


def columns(lines: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, all others to the right; two spaces between."""
    if not lines:
        return []
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
