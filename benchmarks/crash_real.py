"""Kills a whole `cbir index`, with its workers, at random moments."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

_COMMAND = [sys.executable, "-c", "from retrieval.cli import main; main()"]
_FILMS = 6
_TRIES = 4
"""Runs for each kill: some are done before they are killed."""


def kill_real(work: Path, kills: int, seed: int) -> int:
    """Kills so many runs, or nearly; gives how many were killed before they had come to their end.

    Each run builds the index of a few pictures. Raises `RuntimeError` where an index is not whole,
    or differs from one that was never interrupted.
    """
    if not kills:
        return 0
    drawn = random.Random(seed)
    work.mkdir()
    archive, index, whole = work / "archive", work / "index", work / "whole"
    _draw(archive, seed)
    began = time.perf_counter()
    _cbir("index", str(archive), "--out", str(whole))
    took_s = time.perf_counter() - began
    wanted, killed = _content(whole), 0
    for _ in range(_TRIES * kills):
        if killed == kills:
            break
        run = subprocess.Popen(
            [*_COMMAND, "index", str(archive), "--out", str(index), "-q"], start_new_session=True
        )
        try:
            run.wait(drawn.uniform(0.2, 0.8) * took_s)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            killed += run.wait() == -signal.SIGKILL
        if (index / "CURRENT").exists():
            if _content(index) != wanted:
                raise RuntimeError("the index differs from one that was never interrupted")
            shutil.rmtree(index)
    _cbir("index", str(archive), "--out", str(index))
    if _content(index) != wanted:
        raise RuntimeError("the index differs from one that was never interrupted")
    return killed


def _content(index: Path) -> str:
    return str(json.loads(_cbir("verify", "--index", str(index), "--format", "json"))["content"])


def _cbir(*words: str) -> str:
    done = subprocess.run([*_COMMAND, *words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"cbir {words[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def _draw(archive: Path, seed: int) -> None:
    down, across = np.mgrid[:128, :128]
    for number in range(_FILMS):
        label = archive / ("healthy" if number % 2 else "ill")
        label.mkdir(parents=True, exist_ok=True)
        waves = 120 + 60 * np.sin((across * (1 + number) + down * (1 + seed % 7)) / 20)
        cv2.imwrite(str(label / f"{number}.png"), waves.astype(np.uint8))
