"""The users of a server and their tokens, in a file that only its owner may read.

The file is read again when it has changed: who is removed there is out at once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from models.errors import UsageError
from retrieval.web.access import private_file, tokens
from retrieval.web.access.roles import ROLES, Person
from retrieval.web.access.tokens import Token

FILE = "users.json"
SCHEMA = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class User:
    """One user. `password`: its hash; empty for one who has only tokens."""

    name: str
    role: str
    password: str
    tokens: tuple[Token, ...] = ()

    def stamp(self) -> str:
        """What a session is held to: it ends when role or password change."""
        return tokens.digest(f"{self.role}\n{self.password}")


class Users:
    """The users of a folder. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """`folder`: made by `cbir users add`. Reads nothing yet."""
        self.path = folder / FILE
        self._seen: tuple[int, int, int] | None = None
        self._users: Mapping[str, User] = {}

    def all(self) -> Mapping[str, User]:
        """All by name, as the file has them now. Raises `UsageError`."""
        try:
            told = self.path.stat()
        except OSError:
            raise UsageError(
                f"{self.path} is not there; cbir users add NAME --auth {self.path.parent}"
            ) from None
        seen = (told.st_mtime_ns, told.st_ino, told.st_size)
        if seen != self._seen:
            self._users, self._seen = _parsed(self.path, private_file.read(self.path)), seen
        return self._users

    def get(self, name: str) -> User | None:
        """The user of that name, or None."""
        return self.all().get(name)

    def of_token(self, text: str, today: date | None = None) -> Person | None:
        """Who shows a token, and what it may: never more than its owner's role. None if invalid.

        `today`: in UTC, for tests.
        """
        parts = tokens.parted(text)
        if parts is None:
            return None
        today = today or datetime.now(UTC).date()
        for user in self.all().values():
            for token in user.tokens:
                if token.token_id == parts[0] and tokens.same(token.digest, parts[1]):
                    may = tuple(one for one in ROLES[user.role] if one in token.scope)
                    known = Person(user.name, user.role, may, f"token:{token.token_id}")
                    return known if today <= token.ends else None
        return None

    def add(self, user: User) -> None:
        """Adds a user. Raises `UsageError` if there is one of that name, or the name cannot be."""
        check_name(user.name)
        _check_role(user.role)
        with private_file.locked(self._lock):
            users = dict(self.all()) if self.path.exists() else {}
            if user.name in users:
                raise UsageError(f"there is a user {user.name!r}; `cbir users password` changes it")
            self._write({**users, user.name: user})

    def remove(self, name: str) -> None:
        """Removes a user with all tokens. Raises `UsageError` if there is none."""
        with private_file.locked(self._lock):
            users = dict(self.all())
            self._named(name)
            del users[name]
            self._write(users)

    def add_token(self, name: str, token: Token) -> None:
        """Gives a user one more token. Raises `UsageError`."""
        with private_file.locked(self._lock):
            user = self._named(name)
            self._write({**self.all(), name: replace(user, tokens=(*user.tokens, token))})

    def drop_token(self, name: str, token_id: str) -> None:
        """Takes a token back. Raises `UsageError` if there is none of that id."""
        with private_file.locked(self._lock):
            user = self._named(name)
            kept = tuple(one for one in user.tokens if one.token_id != token_id)
            if kept == user.tokens:
                raise UsageError(
                    f"{name!r} has no token {token_id!r}; `cbir users list` names them"
                )
            self._write({**self.all(), name: replace(user, tokens=kept)})

    def change(self, name: str, **changed: str) -> None:
        """Changes `role` or `password` (a hash) of a user. Raises `UsageError`."""
        with private_file.locked(self._lock):
            user = replace(self._named(name), **changed)  # type: ignore[arg-type]
            _check_role(user.role)
            self._write({**self.all(), name: user})

    def _named(self, name: str) -> User:
        user = self.get(name)
        if user is None:
            raise UsageError(f"there is no user {name!r}; `cbir users list` names them")
        return user

    @property
    def _lock(self) -> Path:
        return self.path.with_suffix(".lock")

    def _write(self, users: Mapping[str, User]) -> None:
        told = {"schema": SCHEMA, "users": [_told(user) for user in users.values()]}
        private_file.replace(self.path, json.dumps(told, indent=1).encode())


def check_name(name: str) -> None:
    """Raises `UsageError` for what cannot be the name of a user."""
    if not _NAME.match(name):
        raise UsageError(
            f"{name!r} is no name for a user: 1 to 64 letters, digits or . _ @ -, "
            "the first a letter or a digit"
        )


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"there is no role {role!r}; there are: {', '.join(ROLES)}")


def _told(user: User) -> dict[str, Any]:
    kept = [
        {"id": one.token_id, "sha256": one.digest, "scope": one.scope, "ends": str(one.ends)}
        for one in user.tokens
    ]
    return {"name": user.name, "role": user.role, "password": user.password, "tokens": kept}


def _parsed(path: Path, data: bytes) -> Mapping[str, User]:
    try:
        told = json.loads(data)
        if told["schema"] != SCHEMA:
            raise UsageError(f"{path} is of schema {told['schema']!r}, this program's is {SCHEMA}")
        return {one["name"]: _user(one) for one in told["users"]}
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is not a file of users; restore it from a copy") from error


def _user(told: Mapping[str, Any]) -> User:
    _check_role(told["role"])
    kept = tuple(
        Token(one["id"], one["sha256"], tuple(one["scope"]), date.fromisoformat(one["ends"]))
        for one in told["tokens"]
    )
    return User(str(told["name"]), told["role"], str(told["password"]), kept)
