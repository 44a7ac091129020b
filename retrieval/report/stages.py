"""Where the time of a build went, as a table."""

from collections.abc import Sequence

from indexer.profile import Stage

_HEAD = ("stage", "wall s", "CPU-s", "share", "images", "images/CPU-s")


def as_table(stages: Sequence[Stage], seconds: float) -> str:
    """One line a stage, and one for all. `seconds`: the wall time of the whole build."""
    whole = sum(stage.cpu_s for stage in stages)
    images = max((stage.count for stage in stages), default=0)
    every = [*stages, Stage("all", seconds, whole, images)]
    rows = [_HEAD, *(_row(stage, whole) for stage in every)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([*lines[:-1], "-" * len(lines[0]), lines[-1]])


def _row(stage: Stage, whole: float) -> tuple[str, ...]:
    wall = f"{stage.wall_s:.2f}" if stage.wall_s else ""
    share = f"{stage.cpu_s / whole:.1%}" if whole else ""
    rate = f"{stage.count / stage.cpu_s:.0f}" if stage.count and stage.cpu_s else ""
    images = str(stage.count) if stage.count else ""
    return stage.name, wall, f"{stage.cpu_s:.2f}", share, images, rate


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = row
    numbers = (text.rjust(width) for text, width in zip(rest, widths[1:], strict=True))
    return "  ".join([first.ljust(widths[0]), *numbers]).rstrip()
