"""The two programs that are compared, as commands: ours, and the script most people would write."""

import json
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.processes import Cost, run

PEER = "benchmarks.peer_script"
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Cbir:
    """The installed `cbir`. `cache`: where it keeps compiled networks, or "off"."""

    cache: str

    def index(
        self,
        archive: Path,
        out: Path,
        watch: bool = False,
        profile: bool = False,
        config: str = "",
    ) -> tuple[int, Cost]:
        """How many films it described, and what that took. `config`: of a settings file."""
        command = [*self._command, "index", str(archive), "--out", str(out), "-q"]
        if config:
            settings = out.with_name(f"{out.name}.toml")
            settings.write_text(config, encoding="utf-8")
            command[1:1] = ["--config", str(settings)]
        command += ["--profile"] if profile else []
        cost = run([*command, "--format", "json"], self._env, watch)
        return int(json.loads(cost.stdout)["described"]), cost

    def query(self, film: Path, index: Path) -> Cost:
        """What it took from the start of the process to its end."""
        return run([*self._command, "query", str(film), "--index", str(index)], self._env)

    @property
    def _env(self) -> dict[str, str]:
        return {"CBIR_COMPILE_CACHE": self.cache}

    @property
    def _command(self) -> list[str]:
        return [str(Path(sysconfig.get_path("scripts")) / "cbir")]


@dataclass(frozen=True, slots=True)
class Peer:
    """The peer script. `threads`: how many torch may use; 0 for its own default."""

    threads: int = 0

    @staticmethod
    def installed() -> bool:
        """Whether what it imports is there."""
        return all(find_spec(name) is not None for name in ("torch", "PIL"))

    def index(self, archive: Path, out: Path) -> tuple[int, Cost]:
        """How many films it embedded, and what that took."""
        cost = run([*self._command, "index", str(archive), "--out", str(out)], self._env)
        return int(cost.stdout), cost

    def query(self, film: Path, index: Path) -> Cost:
        """What it took from the start of the process to its end."""
        return run([*self._command, "query", str(film), "--index", str(index)], self._env)

    @property
    def _env(self) -> dict[str, str]:
        threads = {"OMP_NUM_THREADS": str(self.threads)} if self.threads else {}
        return {"PYTHONPATH": str(_ROOT), **threads}

    @property
    def _command(self) -> list[str]:
        return [sys.executable, "-m", PEER]
