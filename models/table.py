"""Names and what they stand for: `name -> "module:Class"`, loaded when first asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from models.errors import UsageError


def load(table: Mapping[str, str], name: str, kind: str) -> Any:
    """The class or function that `table` holds under `name`.

    Raises `UsageError` naming what there is, if there is no such `kind`.
    """
    if name not in table:
        raise UsageError(f"there is no {kind} {name!r}; there are: {', '.join(sorted(table))}")
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)
