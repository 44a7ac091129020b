"""Where a setting comes from: a flag, else CBIR_..., else cbir.toml, else the default."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from indexer.config import Config, check_steps, from_json, read_toml
from models.errors import UsageError
from models.table import load

FILE = Path("cbir.toml")
_INDEX_TABLES = ("preprocess", "segment")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `cbir.toml` says.

    `config`: how scans are described. `defaults`: options of commands, as click takes them.
    """

    config: Config = field(default_factory=Config)
    defaults: dict[str, Any] = field(default_factory=dict)


def settings_of(path: Path | None, commands: Mapping[str, str]) -> Settings:
    """The settings in a file; in `cbir.toml` of this folder, if no file is named.

    Its tables: `[describe]`, `[preprocess]`, `[segment]` for an index, and one a command with that
    command's options. Raises `UsageError` for a table or a setting that does not exist or fit.
    """
    if path is None and not FILE.is_file():
        return Settings()
    path = path or FILE
    tables = read_toml(path)
    allowed = {"describe", *_INDEX_TABLES, *commands}
    for name in tables:
        if name not in allowed:
            raise UsageError(f"{path} has {name!r}; its tables are: {', '.join(sorted(allowed))}")
    described = dict(tables.get("describe", {}))
    described |= {name: tables[name] for name in _INDEX_TABLES if name in tables}
    options = {
        name: _options(f"{path}: {name}", load(commands, name, "command"), table)
        for name, table in tables.items()
        if name in commands and name not in _INDEX_TABLES
    }
    config = from_json(described)
    if config.preprocess or config.segment:
        check_steps(config)
    return Settings(config, options)


def _options(place: str, command: click.Command, table: object) -> dict[str, Any]:
    """A command's options as click takes them, from their names on the command line."""
    if not isinstance(table, dict):
        raise UsageError(f"{place} is {table!r}; it is a table of options")
    group = dict(command.commands) if isinstance(command, click.Group) else {}
    names: dict[str, str] = {
        option.opts[-1].lstrip("-"): str(option.name)
        for option in command.params
        if isinstance(option, click.Option)
    }
    for name in table:
        if name not in names and name not in group:
            known = ", ".join(sorted([*names, *group]))
            raise UsageError(f"{place} has no setting {name!r}; there are: {known}")
    own = {names[name]: value for name, value in table.items() if name in names}
    deeper = {name: value for name, value in table.items() if name in group}
    return own | {
        name: _options(f"{place}.{name}", group[name], value) for name, value in deeper.items()
    }
