"""What two things cost, in turns; by a clock of the test's own, since machines are busy."""

from dataclasses import dataclass, field

import pytest

from models.measures import speed
from models.measures.speed import costs


@dataclass
class Clock:
    """Stands for the module `time`; it goes on only while something is done."""

    wall: float = 0.0
    cpu: float = 0.0
    called: list[str] = field(default_factory=list)

    def perf_counter(self) -> float:
        return self.wall

    def process_time(self) -> float:
        return self.cpu

    def work(self, name: str, wall: float, cpu: float) -> None:
        self.called.append(name)
        self.wall += wall
        self.cpu += cpu


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(speed, "time", made)
    return made


def test_they_take_turns_and_waiting_costs_no_cpu(clock: Clock) -> None:
    calls = {
        "busy": lambda: clock.work("busy", 0.010, 0.020),
        "waiting": lambda: clock.work("waiting", 0.030, 0.0),
    }
    told = costs(calls, rounds=3)
    assert clock.called == ["busy", "waiting"] * 4
    assert (told["busy"].ms, told["busy"].cpu_ms) == pytest.approx((10.0, 20.0))
    assert (told["waiting"].ms, told["waiting"].cpu_ms) == pytest.approx((30.0, 0.0))


def test_one_slow_turn_does_not_count(clock: Clock) -> None:
    turns = iter([0.5, 0.001, 0.9, 0.002])
    told = costs({"a": lambda: clock.work("a", next(turns), 0.001)}, rounds=3)
    assert told["a"].ms == pytest.approx(2.0)
