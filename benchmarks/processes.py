"""What a command costs: wall time, CPU seconds and memory of all its processes together (Linux)."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage, struct_rusage

SAMPLES_A_SECOND = 20
_PROC = Path("/proc")
_SAID = 2000  # characters of a failed command's stderr that are shown


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took, and what it printed.

    `cpu_s`: user and system time of the command and of every process that it started and waited
    for. `peak_bytes`: largest sum over its processes of their proportional set size (PSS: memory
    that n processes share counts 1/n for each), and `largest_rss_bytes`: the largest resident set
    of any one of them; both 0 where nobody watched.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    largest_rss_bytes: int
    stdout: str


def run(command: Sequence[str], env: Mapping[str, str] | None = None, watch: bool = False) -> Cost:
    """Runs a command to its end.

    `env`: variables over those of this process. `watch`: look at its memory `SAMPLES_A_SECOND`
    times a second; that takes time itself, so times are better taken without it. Raises
    RuntimeError with the end of its stderr if it fails.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, **(env or {})},
        )
        tree = Tree(process.pid)
        status, usage = _end_of(tree) if watch else os.wait4(process.pid, 0)[1:]
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # waited for here, not by Popen
        if process.returncode:
            err.seek(0)
            said = err.read().decode(errors="replace")[-_SAID:]
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said}")
        out.seek(0)
        text = out.read().decode()
    # wait4(2) adds what the process itself had waited for: its workers are in these two.
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(wall_s, cpu_s, tree.peak_bytes, tree.largest_rss_bytes, text)


def machine_cpu_s() -> float:
    """Processor time that all programs on this machine have taken since it started, all cores.

    See proc_stat(5). With what was stolen by other virtual machines on the same host.
    """
    first = (_PROC / "stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _idle, _wait, interrupts, soft, stolen = map(int, first)
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def own_cpu_s() -> float:
    """Processor time of this process and of all that it has waited for."""
    usages = [getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _end_of(tree: "Tree") -> tuple[int, struct_rusage]:
    while True:
        pid, status, usage = os.wait4(tree.root, os.WNOHANG)
        if pid:
            return status, usage
        tree.look()
        time.sleep(1 / SAMPLES_A_SECOND)


class Tree:
    """A process and all that descend from it, and the most memory that they were seen with."""

    def __init__(self, root: int) -> None:
        """`root`: its process id."""
        self.root = root
        self.peak_bytes = 0
        self.largest_rss_bytes = 0
        self._members = {root}
        self._strangers: set[int] = set()

    def look(self) -> None:
        """Takes one sample."""
        self._find()
        sizes = [size for pid in self._members if (size := _memory(pid)) is not None]
        self.peak_bytes = max(self.peak_bytes, sum(pss for pss, _ in sizes))
        self.largest_rss_bytes = max([self.largest_rss_bytes, *(rss for _, rss in sizes)])

    def _find(self) -> None:
        """Takes in the descendants that are new since the last look.

        /proc/PID/task/TID/children would list them, but not every kernel is built with it.
        """
        alive = {int(name) for name in os.listdir(_PROC) if name.isdigit()}  # noqa: PTH208
        self._members &= alive
        self._strangers &= alive
        for pid in sorted(alive - self._members - self._strangers):
            family = self._members if _parent(pid) in self._members else self._strangers
            family.add(pid)


def _parent(pid: int) -> int:
    """The process id of a process's parent; 0 if it has ended. See proc_pid_stat(5)."""
    try:
        told = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return 0
    return int(told.rpartition(")")[2].split()[1])  # the name before it may hold anything


def _memory(pid: int) -> tuple[int, int] | None:
    """PSS and RSS in bytes, from smaps_rollup of proc_pid_smaps(5); None if it has ended."""
    try:
        told = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return None
    kilobytes = {}
    for line in told.splitlines()[1:]:
        name, _, value = line.partition(":")
        kilobytes[name] = int(value.split()[0])
    if "Pss" not in kilobytes:
        return None
    return kilobytes["Pss"] << 10, kilobytes["Rss"] << 10
