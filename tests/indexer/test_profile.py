import math
import threading
import time

import pytest

from indexer.profile import IN_WORKERS, Profile, Stage


def _busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_stage_is_added_up_by_clock_and_processor() -> None:
    profile = Profile()
    with profile.stage("read", 2):
        _busy(0.02)
    with profile.stage("read", 3):
        time.sleep(0.02)
    (stage,) = profile.stages()
    assert (stage.name, stage.count) == ("read", 5)
    assert stage.wall_s >= 0.04
    assert 0.02 <= stage.cpu_s < stage.wall_s


def test_a_stage_that_fails_has_taken_its_time_too() -> None:
    profile = Profile()
    with pytest.raises(KeyError), profile.stage("fit"):
        raise KeyError
    assert [stage.name for stage in profile.stages()] == ["fit"]


def test_what_other_threads_compute_is_told_apart() -> None:
    profile = Profile()
    with profile.split("collect", "encode"):
        other = threading.Thread(target=_busy, args=(0.2,))
        other.start()
        other.join()
    collect, encode = profile.stages()
    assert (collect.name, encode.name) == ("collect", "encode")
    assert collect.cpu_s < 0.1 < 0.19 < encode.cpu_s


def test_what_a_worker_tells_is_added_and_nonsense_is_not() -> None:
    profile = Profile()
    profile.take({"read": [0.5, 0.25], "quality": [0.1, math.inf], "rm -rf": [1, 1]}, 4)
    profile.take({"read": "long", "quality": [-1, 0.2], "hash": [1e9, True]}, 1)
    profile.take(["read"], 1)
    profile.take(None, 1)
    assert profile.stages() == (
        Stage("read", 0.5, 0.25, 5),
        Stage("quality", 0.1, 0.2, 5),
        Stage("hash", 0.0, 1.0, 1),
    )


def test_the_stages_of_workers_come_first_and_in_their_order() -> None:
    profile = Profile()
    profile.add("list", 1.0, 1.0)
    for name in reversed(IN_WORKERS):
        profile.add(name, 1.0, 1.0, 1)
    assert [stage.name for stage in profile.stages()] == [*IN_WORKERS, "list"]
    assert Profile().laps() == {}
