"""What two things cost, in turns."""

import time

from models.measures.speed import costs


def test_they_take_turns_and_the_slower_one_costs_more() -> None:
    called = []

    def work(name: str, seconds: float) -> None:
        called.append(name)
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass

    told = costs({"a": lambda: work("a", 0.001), "b": lambda: work("b", 0.01)}, rounds=3)
    assert called == ["a", "b"] * 4
    assert 1.0 <= told["a"].cpu_ms < 10.0 <= told["b"].cpu_ms
    assert told["b"].ms >= 9.0


def test_waiting_costs_no_cpu() -> None:
    told = costs({"wait": lambda: time.sleep(0.02)}, rounds=2)
    assert told["wait"].ms >= 20.0 > 10.0 > told["wait"].cpu_ms
