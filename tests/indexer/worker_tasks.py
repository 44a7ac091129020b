"""What the workers of the tests do: real processes that allocate, sleep, crash and raise."""

import ctypes
import os
import signal
import sys
import time
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import UnreadableScan

Result = tuple[dict[str, Any], dict[str, NDArray[Any]]]


def perform(params: dict[str, Any]) -> Result:
    """Do what `params["do"]` names."""
    act = ACTS.get(params.get("do", "echo"))
    if act is None:
        raise KeyError("patient Mustermann")
    return act(params)


def _echo(params: dict[str, Any]) -> Result:
    return {"params": params}, {}


def _thumbnail(params: dict[str, Any]) -> Result:
    side = 224
    pixels = np.full((side, side, 3), params.get("value", 7), np.uint8)
    return {"header": {"modality": "CR"}}, {"pixels": pixels, "profile": np.ones(80, np.float32)}


def _volume(params: dict[str, Any]) -> Result:
    shape = (params["slices"], 512, 512)
    return {}, {"pixels": np.broadcast_to(np.float32(1.5), shape), "valid": np.ones(shape, bool)}


def _allocate(params: dict[str, Any]) -> Result:
    block = np.ones(params["bytes"], np.uint8)
    return {"bytes": block.nbytes}, {}


def _allocate_in_opencv(params: dict[str, Any]) -> Result:
    cv2.resize(np.ones((8, 8), np.uint8), (params["side"], params["side"]))
    return {}, {}


def _sleep(params: dict[str, Any]) -> Result:
    time.sleep(params["seconds"])
    return {"slept": params["seconds"]}, {}


def _exit(params: dict[str, Any]) -> Result:
    os._exit(3)


def _kill(params: dict[str, Any]) -> Result:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}, {}


def _segfault(params: dict[str, Any]) -> Result:
    ctypes.string_at(0)
    return {}, {}


def _die_once(params: dict[str, Any]) -> Result:
    try:
        os.close(os.open(params["mark"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return {"second": True}, {}
    os._exit(1)


def _reject(params: dict[str, Any]) -> Result:
    raise UnreadableScan("truncated", "the file ends\x1b[31m early")


def _raise(params: dict[str, Any]) -> Result:
    raise ValueError("patient Mustermann")


def _quit(params: dict[str, Any]) -> Result:
    sys.exit("patient Mustermann")


def _unsendable(params: dict[str, Any]) -> Result:
    return {}, {"text": np.array(["a"], dtype=object)}


def _babble(params: dict[str, Any]) -> Result:
    """Write rubbish to every descriptor that is open, as a worker that was taken over may."""
    for fd in sorted(int(fd) for fd in os.listdir("/proc/self/fd")):  # noqa: PTH208
        if fd < 3:
            continue
        try:
            os.write(fd, b"rubbish" * 40)
        except OSError:
            continue
    return {}, {}


def _surroundings(params: dict[str, Any]) -> Result:
    fds = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))  # noqa: PTH208
    targets = [os.readlink(f"/proc/self/fd/{fd}") for fd in fds[:3]]  # noqa: PTH115
    meta = {
        "environment": dict(os.environ),
        "main": sys.modules["__main__"].__dict__.get("__file__", ""),
        "open": len([fd for fd in fds if os.path.exists(f"/proc/self/fd/{fd}")]),  # noqa: PTH110
        "standard": targets,
        "cv2_threads": cv2.getNumThreads(),
        "no_new_privileges": "NoNewPrivs:\t1" in open("/proc/self/status").read(),  # noqa: PTH123, SIM115
    }
    print("patient Mustermann")
    return meta, {}


ACTS = {
    "echo": _echo,
    "thumbnail": _thumbnail,
    "volume": _volume,
    "allocate": _allocate,
    "allocate_in_opencv": _allocate_in_opencv,
    "sleep": _sleep,
    "exit": _exit,
    "kill": _kill,
    "segfault": _segfault,
    "die_once": _die_once,
    "reject": _reject,
    "raise": _raise,
    "quit": _quit,
    "unsendable": _unsendable,
    "babble": _babble,
    "surroundings": _surroundings,
}
