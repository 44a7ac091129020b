"""Where a setting comes from: a flag, else CBIR_..., else cbir.toml, else the default."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexer.config import Config, from_json, read_toml
from models.errors import UsageError

FILE = "cbir.toml"
_INDEX_TABLES = ("preprocess", "segment")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `cbir.toml` says.

    `config`: how scans are described. `defaults`: options of commands, as click takes them.
    """

    config: Config = field(default_factory=Config)
    defaults: dict[str, Any] = field(default_factory=dict)


def settings_of(path: str | None) -> Settings:
    """The settings in a file; in `cbir.toml` of this folder, if no file is named.

    Its tables: `[describe]`, `[preprocess]`, `[segment]` for an index, and one a command with that
    command's options. Raises `UsageError` for a table or a setting that does not exist.
    """
    if path is None and not Path(FILE).is_file():
        return Settings()
    tables = read_toml(Path(path or FILE))
    from retrieval.cli import COMMANDS

    allowed = {"describe", *_INDEX_TABLES, *COMMANDS} - {"preprocess", "segment"}
    allowed |= set(_INDEX_TABLES)
    for name, table in tables.items():
        if name not in allowed or not isinstance(table, dict):
            raise UsageError(
                f"{path or FILE} has {name!r}; its tables are: {', '.join(sorted(allowed))}"
            )
    described = dict(tables.get("describe", {}))
    described |= {name: tables[name] for name in _INDEX_TABLES if name in tables}
    options = {n: t for n, t in tables.items() if n in COMMANDS and n not in _INDEX_TABLES}
    return Settings(from_json(described), options)
