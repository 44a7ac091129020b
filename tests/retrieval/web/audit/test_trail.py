"""The audit log as a file: its chain, what a crash leaves, and what tampering leaves."""

import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.sr.codedict import codes

from models.errors import CannotWrite, UsageError
from retrieval.web.audit import events
from retrieval.web.audit.chain import START, Link
from retrieval.web.audit.events import Event
from retrieval.web.audit.trail import Trail, head_of
from retrieval.web.audit.verify import anchor, verify
from tests.retrieval.web.people import cbir


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Five records."""
    path = tmp_path / "audit.jsonl"
    trail = Trail(path)
    for number in range(5):
        trail.write(Event(events.QUERY, events.EXECUTE, user="anna", cases=(f"case-{number}",)))
    trail.close()
    return path


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_an_untouched_log_is_in_order(log: Path) -> None:
    found = verify(log)
    assert (found.last.seq, found.faults, found.notes) == (5, (), ())


def test_a_record_says_who_what_and_which_case(log: Path) -> None:
    told = json.loads(lines(log)[3])
    assert told["EventID"] == ["110112", "DCM", "Query"]
    assert told["ActiveParticipant"]["UserID"] == "anna"
    assert told["ParticipantObjectID"] == ["case-3"]
    assert (told["seq"], told["EventOutcomeIndicator"]) == (4, 0)


def _swap(found: list[bytes]) -> list[bytes]:
    return [found[0], found[2], found[1], *found[3:]]


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (lambda found: [*found[:2], found[2].replace(b"case-2", b"case-9"), *found[3:]], 3),
        (lambda found: [*found[:2], *found[3:]], 3),
        (lambda found: found[1:], 1),
        (lambda found: [*found[:2], found[1], *found[2:]], 3),
        (lambda found: [*found[:2], b'{"seq":3}\n', *found[2:]], 3),
        (lambda found: [*found[:2], b"\n", *found[2:]], 3),
        (_swap, 2),
        (lambda found: [*found[:2], found[2].replace(b'"seq":3', b'"seq": 3'), *found[3:]], 3),
    ],
    ids=["changed", "removed", "first removed", "repeated", "put in", "blank", "moved", "spaced"],
)
def test_tampering_is_found_where_it_is(
    log: Path, tamper: Callable[[list[bytes]], list[bytes]], line: int
) -> None:
    log.write_bytes(b"".join(tamper(lines(log))))
    (fault,) = verify(log).faults
    assert fault.startswith(f"line {line}:")


def test_a_missing_end_is_found_by_the_file_beside_it(log: Path) -> None:
    log.write_bytes(b"".join(lines(log)[:3]))
    (fault,) = verify(log).faults
    assert fault == "the end is missing: it stops at record 3, audit.jsonl.head names record 5"


def test_a_missing_end_that_was_covered_up_is_found_by_an_anchor(log: Path) -> None:
    kept = anchor(str(verify(log).last))
    log.write_bytes(b"".join(lines(log)[:3]))
    head_of(log).unlink()
    assert verify(log).faults == ()  # what a chain alone cannot show
    assert len(verify(log).notes) == 1
    assert verify(log, [kept]).faults == (
        "the end is missing: it stops at record 3, an anchor names 5",
    )


def test_a_chain_that_was_made_anew_is_found_by_an_anchor(log: Path) -> None:
    kept = verify(log).last
    log.unlink()
    head_of(log).unlink()
    trail = Trail(log)
    for _ in range(6):
        trail.write(Event(events.QUERY, events.EXECUTE, user="nobody"))
    trail.close()
    assert verify(log).faults == ()
    assert verify(log, [kept]).faults == ("line 5: record 5 is not the one of the anchor",)


def test_an_anchor_that_holds_is_counted(log: Path) -> None:
    assert verify(log, [verify(log).last]).anchors == 1


def test_what_is_no_anchor_is_refused() -> None:
    with pytest.raises(UsageError, match="NUMBER:HASH"):
        anchor("5")


def test_it_is_its_owners_alone(log: Path) -> None:
    for path in (log, head_of(log)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_goes_on_where_it_stopped(log: Path) -> None:
    trail = Trail(log)
    assert trail.write(Event(events.EXPORT, events.READ)).seq == 6
    trail.close()
    assert verify(log).faults == ()


def test_a_torn_last_line_is_taken_away_and_told(log: Path) -> None:
    with log.open("ab") as file:
        file.write(b'{"EventID":["1101')
    assert verify(log).faults == ()
    assert verify(log).notes[0].startswith("line 6 has no end")
    Trail(log).close()
    told = json.loads(lines(log)[5])
    assert told["EventID"][2] == "Audit Log Used"
    assert told["ParticipantObjectDetail"] == {"torn_bytes": 17}
    assert verify(log).faults == ()


def test_it_is_not_gone_on_with_if_its_last_record_was_changed(log: Path) -> None:
    log.write_bytes(log.read_bytes().replace(b"case-4", b"case-5"))
    with pytest.raises(UsageError, match="cbir audit verify"):
        Trail(log)


def test_two_processes_write_one_chain(log: Path) -> None:
    trails = [Trail(log), Trail(log)]

    def write(trail: Trail) -> None:
        for _ in range(20):
            trail.write(Event(events.QUERY, events.EXECUTE))

    threads = [threading.Thread(target=write, args=(trail,)) for trail in trails]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify(log)
    assert (found.last.seq, found.faults) == (45, ())


def test_a_full_disk_is_said_and_leaves_a_whole_log(log: Path) -> None:
    """A limit on the size of files stands for the disk; it is met in the middle of a record."""
    code = (
        "import resource, signal, sys; from pathlib import Path;"
        "from retrieval.web.audit.trail import Trail;"
        "from retrieval.web.audit import events; from retrieval.web.audit.events import Event;"
        "from models.errors import CannotWrite;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "path = Path(sys.argv[1]); trail = Trail(path); most = path.stat().st_size + 100;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))\n"
        "try:\n    trail.write(Event(events.QUERY, events.EXECUTE))\n"
        "except CannotWrite:\n    print('cannot write')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(log)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "cannot write\n"
    found = verify(log)
    assert (found.last.seq, found.faults, found.notes) == (5, (), ())


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="No such file"):
        Trail(tmp_path / "nowhere" / "audit.jsonl")


@pytest.mark.slow
def test_kill_9_loses_no_record_that_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    code = (
        "import sys; from pathlib import Path; from retrieval.web.audit.trail import Trail;"
        "from retrieval.web.audit import events; from retrieval.web.audit.events import Event;"
        "trail = Trail(Path(sys.argv[1]))\n"
        "while True:\n"
        "    print(trail.write(Event(events.QUERY, events.EXECUTE)), flush=True)\n"
    )
    for attempt in range(20):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.003 * attempt)
        writer.kill()
        answered = writer.stdout.read().splitlines()
        writer.wait(10)
        writer.stdout.close()
        whole = [line for line in answered if len(line) > 64 and ":" in line]
        found = verify(path, [anchor(whole[-1])] if whole else [])
        assert found.faults == ()
    assert verify(path).last.seq > 20


@pytest.mark.parametrize(
    "code",
    [value for name, value in vars(events).items() if name.isupper() and isinstance(value, tuple)],
    ids=lambda code: str(code[2]),
)
def test_names_and_codes_are_dicoms(code: tuple[str, str, str]) -> None:
    value, scheme, meaning = code
    known = getattr(
        codes.DCM, meaning.title().replace(" ", "") if "of" in meaning else meaning.replace(" ", "")
    )
    assert (known.value, known.scheme_designator, known.meaning) == (value, scheme, meaning)


def test_the_command_says_whether_it_is_in_order(log: Path) -> None:
    good = cbir("audit", "verify", str(log))
    assert (good.returncode, good.stderr) == (0, "")
    place = good.stdout.splitlines()[-1].removeprefix("anchor: ")
    assert cbir("audit", "verify", str(log), "--anchor", place).returncode == 0
    log.write_bytes(b"".join(lines(log)[:4]))
    bad = cbir("audit", "verify", str(log), "--format", "json")
    assert bad.returncode == 9
    assert json.loads(bad.stdout)["records"] == 4
    assert cbir("audit", "verify", str(log.parent / "nothing")).returncode == 2


def test_the_start_of_a_chain_is_a_place(log: Path) -> None:
    assert Link(0, "0" * 64) == START
    os.truncate(log, 0)
    head_of(log).unlink()
    assert verify(log).last == START
