"""How a training run tells where it is. No torch here: the command line imports it too."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Stage, how much is done, and how much there is in all."""


def silent(stage: str, done: int, total: int) -> None:
    """Shows nothing."""
