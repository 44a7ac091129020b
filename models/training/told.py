"""What a training run was told: its `settings.json`. No torch here."""

import json
from pathlib import Path
from typing import Any

from models.errors import ModelUnusable

SETTINGS = "settings.json"
STATE = "state.json"
"""Where a run stands; see `models.training.checkpoint`."""


def told_of(run: Path) -> dict[str, Any]:
    """The `settings.json` of a training run. Raises `ModelUnusable` if there is none."""
    path = run / SETTINGS
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(told["network"], str) or not isinstance(told["settings"], dict):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnusable(
            f"{run} is not the folder of a training run: {path.name} is missing or damaged; name "
            "the folder that was the --out of `cbir train`"
        ) from error
    found: dict[str, Any] = told
    return found
