"""What the package needs, directly and through others, as it is installed here."""

import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def project() -> dict[str, Any]:
    """The `[project]` table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def declared(extra: str = "") -> list[Requirement]:
    """What pyproject.toml names: the base packages, or those of an extra."""
    table = project()
    names = table["optional-dependencies"][extra] if extra else table["dependencies"]
    return [Requirement(name) for name in names]


def installed(requirements: list[Requirement]) -> dict[str, Distribution]:
    """The packages that these requirements bring, by name, through all levels.

    Raises `PackageNotFoundError` if one of the requirements themselves is not installed.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    direct = {canonicalize_name(r.name) for r in requirements}
    todo = list(requirements)
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                found[name] = distribution(name)
            except PackageNotFoundError:
                if name in direct:
                    raise
                continue  # may be left out, as openvino's telemetry may
            for line in found[name].requires or []:
                needed = Requirement(line)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    todo.append(needed)
    return found
