"""Processes that change an index are killed, and nothing is lost; see `benchmarks.crash`."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT


def crash(*words: str) -> dict[str, object]:
    """What `python -m benchmarks.crash` tells: in a process of its own, as it forks."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.crash", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_a_few_kills() -> None:
    told = crash("--kills", "3", "--seed", "1")
    assert told["kills"] == 3
    assert told["real"] == 0


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing() -> None:
    told = crash("--kills", "200", "--real", "8", "--seed", "2")
    assert told["kills"] == 200
    left = told["left"]
    assert isinstance(left, dict)
    assert "the new generation, not tidied up" in left
    assert any("half written generation" in name for name in left)
    assert isinstance(told["real"], int)
    assert told["real"] >= 4
