"""The cost of a command, on commands whose cost is known."""

import sys

import pytest

from benchmarks.processes import run

BURN = "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass\n"


def test_what_a_command_prints_is_kept() -> None:
    cost = run([sys.executable, "-c", "print('seven')"])
    assert cost.stdout == "seven\n"
    assert cost.peak_bytes == cost.largest_rss_bytes == 0


def test_cpu_time_of_children_counts() -> None:
    child = BURN.format(seconds=0.4)
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}], check=True)"
    cost = run([sys.executable, "-c", code])
    assert 0.4 <= cost.cpu_s < 2


def test_memory_of_a_child_counts() -> None:
    child = "import time\nheld = bytearray(b'x') * 100_000_000\ntime.sleep(0.5)\n"
    code = (
        "import subprocess, sys, time\n"
        "held = bytearray(b'x') * 50_000_000\n"
        f"subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    )
    cost = run([sys.executable, "-c", code], watch=True)
    assert 150e6 < cost.peak_bytes < 200e6
    assert 100e6 < cost.largest_rss_bytes < 130e6


def test_the_environment_is_handed_over() -> None:
    code = "import os; print(os.environ['FILMS'])"
    assert run([sys.executable, "-c", code], {"FILMS": "3"}).stdout == "3\n"


def test_a_command_that_fails_is_quoted() -> None:
    with pytest.raises(RuntimeError, match="ended with 3: no film"):
        run([sys.executable, "-c", "import sys; sys.stderr.write('no film'); sys.exit(3)"])
