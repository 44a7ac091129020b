"""Describing beside other packages' encoding steps, as commands of their own."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.indexing_cost import Rate
from benchmarks.processes import run

PEERS = "benchmarks.encoding_peers"
SECTION = "encoding steps"
_ROOT = Path(__file__).resolve().parent.parent
_NAMES = {
    "imagededup": "imagededup, CNN.encode_images",
    "loader": "DataLoader, clip-retrieval's way",
}


def encoding_steps(archive: Path, ours: Rate) -> list[Figure]:
    """Those that are installed, with the same encoder in torch, and how much faster we are.

    `ours`: describing, which makes colour, edges and a preview too. Theirs holds starting up, which
    is some seconds of torch.
    """
    figures = []
    if any(find_spec(name) is None for name in ("torch", "PIL")):
        return []
    for way, name in _NAMES.items():
        if way == "imagededup" and find_spec(way) is None:
            continue
        path = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])
        cost = run([sys.executable, "-m", PEERS, way, str(archive)], {"PYTHONPATH": path})
        rate = Rate.of(int(cost.stdout.split()[-1]), cost)
        figures += [
            Figure(SECTION, name, rate.per_cpu_s, "films/CPU-s"),
            Figure(SECTION, name, rate.per_s, "films/s"),
            Figure(SECTION, f"describing / {way}, CPU", ours.per_cpu_s / rate.per_cpu_s, "times"),
            Figure(SECTION, f"describing / {way}, wall", ours.per_s / rate.per_s, "times"),
        ]
    return figures
