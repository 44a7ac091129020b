"""Real worker processes: what they do to themselves costs one file and nothing else."""

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.workers import Outcome, WorkerLimits, WorkerPool, WorkersError

PERFORM = "tests.indexer.worker_tasks:perform"
LIMITS = WorkerLimits(memory_bytes=400 << 20, seconds=20)
Task = tuple[int, dict[str, Any]]


def tasks(*acts: dict[str, Any]) -> list[Task]:
    return list(enumerate(acts))


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2, PERFORM, LIMITS) as made:
        yield made


def one(pool: WorkerPool, **params: Any) -> Outcome[int]:
    (outcome,) = pool.run([(0, params)])
    return outcome


def code(outcome: Outcome[Any]) -> str:
    return outcome.error.code if outcome.error else "taken"


def test_a_result_comes_back_with_its_arrays(pool: WorkerPool) -> None:
    outcome = one(pool, do="thumbnail", value=9)
    assert outcome.error is None
    assert outcome.meta == {"header": {"modality": "CR"}}
    assert outcome.arrays["pixels"].shape == (224, 224, 3)
    assert outcome.arrays["pixels"].dtype == np.uint8
    assert int(outcome.arrays["pixels"].min()) == 9
    assert outcome.arrays["profile"].sum() == 80
    assert 0 < outcome.seconds < 10


def test_a_volume_comes_back(pool: WorkerPool) -> None:
    outcome = one(pool, do="volume", slices=12)
    assert outcome.arrays["pixels"].shape == (12, 512, 512)
    assert outcome.arrays["pixels"].mean() == 1.5
    assert outcome.arrays["valid"].all()


def test_a_message_beyond_the_limit_ends_the_worker_not_the_run() -> None:
    with WorkerPool(1, PERFORM, WorkerLimits(result_bytes=1 << 20)) as pool:
        got = list(pool.run(tasks({"do": "volume", "slices": 2}, {"do": "echo"})))
    assert [code(outcome) for outcome in got] == ["worker_died", "taken"]


def test_rejects_keep_their_code_and_lose_control_characters(pool: WorkerPool) -> None:
    outcome = one(pool, do="reject")
    assert code(outcome) == "truncated"
    assert str(outcome.error) == "the file ends [31m early"


@pytest.mark.parametrize(
    ("act", "expected", "sentence"),
    [
        ({"do": "raise"}, "failed", "reading stopped with ValueError"),
        ({"do": "quit"}, "failed", "reading stopped with SystemExit"),
        ({"do": "no such act"}, "failed", "reading stopped with KeyError"),
        ({"do": "unsendable"}, "failed", "reading stopped with WireError"),
        (
            {"do": "allocate", "bytes": 600 << 20},
            "out_of_memory",
            "reading needs more memory than a worker may take",
        ),
        (
            {"do": "allocate_in_opencv", "side": 30_000},
            "out_of_memory",
            "reading needs more memory than a worker may take",
        ),
        ({"do": "exit"}, "worker_died", "the process that read it died, twice"),
        ({"do": "kill"}, "worker_died", "the process that read it died, twice"),
        ({"do": "segfault"}, "worker_died", "the process that read it died, twice"),
        ({"do": "babble"}, "worker_died", "the process that read it died, twice"),
    ],
)
def test_a_bad_task_is_named_and_the_next_one_done(
    pool: WorkerPool, act: dict[str, Any], expected: str, sentence: str
) -> None:
    first, second = pool.run(tasks(act, {"do": "echo", "n": 1}))
    assert code(first) == expected
    assert str(first.error) == sentence
    assert not first.meta
    assert second.meta == {"params": {"do": "echo", "n": 1}}


def test_what_fits_in_the_memory_limit_is_done(pool: WorkerPool) -> None:
    assert one(pool, do="allocate", bytes=200 << 20).meta == {"bytes": 200 << 20}


def test_a_task_whose_worker_died_by_chance_is_done(pool: WorkerPool, tmp_path: Path) -> None:
    assert one(pool, do="die_once", mark=str(tmp_path / "mark")).meta == {"second": True}


def test_a_task_that_takes_too_long_is_ended_alone() -> None:
    with WorkerPool(2, PERFORM, WorkerLimits(seconds=1.5)) as pool:
        begun = time.monotonic()
        slow = {"do": "sleep", "seconds": 60}
        brief = {"do": "sleep", "seconds": 0.1}
        got = list(pool.run(tasks(brief, slow, brief, slow, brief)))
    assert [code(outcome) for outcome in got] == ["taken", "timed_out"] * 2 + ["taken"]
    assert str(got[1].error) == "reading took longer than 1.5 s"
    assert time.monotonic() - begun < 15


def test_a_caller_that_is_busy_does_not_use_up_the_workers_time() -> None:
    with WorkerPool(1, PERFORM, WorkerLimits(seconds=1)) as pool:
        codes = []
        for outcome in pool.run(tasks(*[{"do": "thumbnail"}] * 40)):
            codes.append(code(outcome))
            if outcome.key in (0, 20):
                time.sleep(1.5)
    assert codes == ["taken"] * 40


def test_hundreds_of_tasks_with_deaths_keep_their_order(pool: WorkerPool) -> None:
    chance = random.Random(5)
    acts = [
        {"do": chance.choice(["exit", "kill"]) if chance.random() < 0.01 else "echo", "n": n}
        for n in range(600)
    ]
    got = list(pool.run(tasks(*acts)))
    assert [outcome.key for outcome in got] == list(range(600))
    died = [outcome.key for outcome in got if code(outcome) == "worker_died"]
    assert died == [act["n"] for act in acts if act["do"] != "echo"]
    assert len(died) >= 3
    assert all(o.meta["params"]["n"] == o.key for o in got if o.error is None)


def test_tasks_are_consumed_as_answers_are_taken(pool: WorkerPool) -> None:
    taken = 0

    def endless() -> Iterator[Task]:
        nonlocal taken
        while True:
            taken += 1
            yield taken, {"do": "thumbnail"}

    run = pool.run(endless())
    for _ in range(10):
        next(run)
    assert taken <= 10 + 2 * 16
    with pytest.raises(RuntimeError, match="one sequence"):
        next(pool.run(endless()))
    run.close()  # type: ignore[attr-defined]
    assert one(pool, do="echo").error is None


def test_an_error_of_the_tasks_themselves_comes_through(pool: WorkerPool) -> None:
    def broken() -> Iterator[Task]:
        yield 0, {"do": "echo"}
        raise OSError("the list of files ended")

    with pytest.raises(OSError, match="list of files"):
        list(pool.run(broken()))
    with pytest.raises(TypeError):
        list(pool.run([(0, {"path": Path("scan.dcm")})]))
    assert one(pool, do="echo").error is None


def test_a_function_that_does_not_exist_is_our_fault() -> None:
    with WorkerPool(1, "tests.indexer.worker_tasks:perfrom") as pool:
        with pytest.raises(WorkersError, match=r"AttributeError.*perfrom"):
            list(pool.run([(0, {})]))
        with pytest.raises(WorkersError):
            list(pool.run([(0, {})]))


def test_a_worker_that_never_starts_is_our_fault() -> None:
    with (
        WorkerPool(1, PERFORM, WorkerLimits(start_seconds=0.001)) as pool,
        pytest.raises(WorkersError, match="do not start"),
    ):
        list(pool.run([(0, {})]))


def test_a_worker_has_little_around_it(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere.py")
    spare = os.open("/dev/zero", os.O_RDONLY)
    os.set_inheritable(spare, True)
    with WorkerPool(1, PERFORM, LIMITS) as fresh:
        meta = one(fresh, do="surroundings").meta
    os.close(spare)
    assert "HTTPS_PROXY" not in meta["environment"]
    assert "PYTHONSTARTUP" not in meta["environment"]
    assert meta["environment"]["OMP_NUM_THREADS"] == "1"
    assert meta["main"] == ""
    assert meta["open"] <= 4  # three of /dev/null and the socket
    assert meta["standard"] == ["/dev/null"] * 3
    assert meta["cv2_threads"] == 1
    assert meta["no_new_privileges"]


def test_whoever_waits_is_told_when_the_pool_is_closed() -> None:
    pool = WorkerPool(1, PERFORM)
    told: list[BaseException] = []

    def wait() -> None:
        try:
            list(pool.run(tasks({"do": "sleep", "seconds": 60})))
        except WorkersError as error:
            told.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.5)
    pool.close()
    waiting.join(10)
    assert not waiting.is_alive()
    assert "closed before this was done" in str(told[0])
    with pytest.raises(WorkersError, match="closed"):
        list(pool.run(tasks({"do": "echo"})))
