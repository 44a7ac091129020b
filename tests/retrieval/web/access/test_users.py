"""`cbir users`: what it keeps and how."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import UsageError
from retrieval.web.access.passwords import fits
from retrieval.web.access.users import User, Users
from retrieval.web.audit.verify import verify
from tests.retrieval.web.people import PASSWORDS, cbir, people, token


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return people(tmp_path / "users")


def test_users_are_kept_hashed_and_for_their_owner_alone(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
        for password in PASSWORDS.values():
            assert password.encode() not in path.read_bytes()
    anna = Users(folder).get("anna")
    assert anna is not None
    assert fits(anna.password, PASSWORDS["anna"])


def test_they_are_listed_without_secrets(folder: Path) -> None:
    token(folder, "anna", "--days", "2")
    done = cbir("users", "list", "--auth", str(folder), "--format", "json")
    told = json.loads(done.stdout)["users"]
    assert [(one["name"], one["role"]) for one in told] == [
        ("anna", "reader"),
        ("carl", "curator"),
        ("ada", "admin"),
    ]
    assert told[0]["tokens"][0]["scope"] == ["ask"]
    assert "argon2" not in done.stdout
    assert "anna  reader" in cbir("users", "list", "--auth", str(folder)).stdout


def test_a_password_is_no_argument(folder: Path) -> None:
    done = cbir("users", "add", "eve", "--auth", str(folder), "--password", "twelve chars")
    assert done.returncode == 2
    assert "No such option" in done.stderr


def test_what_cannot_be_is_said(folder: Path) -> None:
    place = ("--auth", str(folder))
    wrong = {
        ("users", "add", "anna", *place): "there is a user 'anna'",
        ("users", "add", "-", *place): "is no name",
        ("users", "add", "a\u202eb", *place): "is no name",
        ("users", "remove", "eve", *place): "there is no user 'eve'",
        ("users", "password", "eve", *place): "there is no user 'eve'",
        ("users", "token", "anna", *place, "--revoke", "x"): "has no token 'x'",
    }
    for arguments, sentence in wrong.items():
        done = cbir(*arguments, typed="a long enough word\n")
        assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr
    short = cbir("users", "add", "eve", *place, typed="short\n")
    assert (short.returncode, "12 to 1,000" in short.stderr) == (2, True)
    nothing = cbir("users", "add", "eve", *place)
    assert (nothing.returncode, "stdin" in nothing.stderr) == (2, True)


def test_a_file_that_others_may_read_is_not_used(folder: Path) -> None:
    (folder / "users.json").chmod(0o644)
    with pytest.raises(UsageError, match="can be read or changed by others"):
        Users(folder).all()


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 2, "users": []}', '{"schema": 1}'])
def test_a_file_of_something_else_is_not_used(folder: Path, content: str) -> None:
    (folder / "users.json").write_text(content)
    with pytest.raises(UsageError, match=r"schema|not a file of users"):
        Users(folder).all()


def test_changes_are_on_record_without_secrets(folder: Path) -> None:
    text = token(folder, "anna")
    assert cbir("users", "role", "anna", "--role", "curator", "--auth", str(folder)).returncode == 0
    log = folder / "audit.jsonl"
    told = [json.loads(line)["ParticipantObjectDetail"] for line in log.read_text().splitlines()]
    assert [(one["changed"], one["of"]) for one in told] == [
        ("add", "anna"),
        ("add", "carl"),
        ("add", "ada"),
        ("token", "anna"),
        ("role", "anna"),
    ]
    assert text.split("_", 2)[2] not in log.read_text()
    assert verify(log).faults == ()


def test_two_who_change_it_at_once_lose_nothing(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from retrieval.web.access.users import User, Users\n"
        "for n in range(15): Users(Path(sys.argv[1])).add(User(f'{sys.argv[2]}{n}', 'reader', ''))"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(folder), name]) for name in "xyz"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(Users(folder).all()) == 3 + 45


def test_a_change_is_seen_without_a_restart(folder: Path) -> None:
    known = Users(folder)
    assert known.get("eve") is None
    Users(folder).add(User("eve", "reader", ""))
    assert known.get("eve") == User("eve", "reader", "")
