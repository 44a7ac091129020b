"""`cbir users`: who may use a server that asks people to sign in."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from models.errors import CannotWrite, UsageError
from retrieval.cli.options import Place, table_or_json
from retrieval.cli.output import put_object, say
from retrieval.cli.serve import AUDIT

F = TypeVar("F", bound=Callable[..., Any])

ROLES = click.Choice(["reader", "curator", "admin"])
_LONGEST_DAYS = 366


def _auth(command: F) -> F:
    text = "The folder of the users."
    return click.option("--auth", required=True, type=Place(file_okay=False), help=text)(command)


@click.group()
def users() -> None:
    """Who may use a server with sign-in, and as what.

    A reader asks; a curator also adds, re-labels and removes cases; an admin also sees how the
    server is doing. Passwords come from a prompt or from stdin, never from the command line.
    """


@users.command(epilog="Example: cbir users add anna --role reader --auth demo/users")
@click.argument("name")
@_auth
@click.option("--role", type=ROLES, default="reader", help="reader (default), curator or admin.")
@click.option("--no-password", is_flag=True, help="For a program that only has tokens.")
def add(name: str, auth: Path, role: str, no_password: bool) -> None:
    """Add a user; makes the folder if there is none."""
    from retrieval.web.access.passwords import hashed
    from retrieval.web.access.users import User, Users, check_name

    check_name(name)
    _make(auth)
    kept = "" if no_password else hashed(_password())
    Users(auth).add(User(name, role, kept))
    _record(auth, name, "add", role=role)
    say(f"{name} is a {role} now", err=True)


@users.command(name="list", epilog="Example: cbir users list --auth demo/users")
@_auth
@table_or_json
def list_(auth: Path, format: str) -> None:
    """List users, roles and tokens; hashes are not shown."""
    from retrieval.web.access.users import Users

    found = [
        {
            "name": user.name,
            "role": user.role,
            "password": bool(user.password),
            "tokens": [
                {"id": one.token_id, "scope": list(one.scope), "ends": str(one.ends)}
                for one in user.tokens
            ],
        }
        for user in Users(auth).all().values()
    ]
    if format == "json":
        put_object({"schema": 1, "users": found})
        return
    for user in found:
        say(f"{user['name']}  {user['role']}" + ("" if user["password"] else "  no password"))
        for token in user["tokens"]:  # type: ignore[attr-defined]
            say(f"  token {token['id']}  {' '.join(token['scope'])}  until {token['ends']}")


@users.command(epilog="Example: cbir users password anna --auth demo/users")
@click.argument("name")
@_auth
def password(name: str, auth: Path) -> None:
    """Give a user another password; sessions by the old one end."""
    from retrieval.web.access.passwords import hashed
    from retrieval.web.access.users import Users

    book = Users(auth)
    if book.get(name) is None:
        raise UsageError(f"there is no user {name!r}; `cbir users list` names them")
    book.change(name, password=hashed(_password()))
    _record(auth, name, "password")
    say(f"{name} has another password now", err=True)


@users.command(epilog="Example: cbir users role anna --role curator --auth demo/users")
@click.argument("name")
@_auth
@click.option("--role", type=ROLES, required=True, help="reader, curator or admin.")
def role(name: str, role: str, auth: Path) -> None:
    """Give a user another role; he has to sign in again."""
    from retrieval.web.access.users import Users

    Users(auth).change(name, role=role)
    _record(auth, name, "role", role=role)
    say(f"{name} is a {role} now", err=True)


@users.command(epilog="Example: cbir users token anna --days 30 --auth demo/users")
@click.argument("name")
@_auth
@click.option(
    "--scope",
    multiple=True,
    type=click.Choice(["ask", "curate", "admin"]),
    help="What it may: ask (default), curate, admin; never more than its owner.",
)
@click.option(
    "--days",
    default=90,
    type=click.IntRange(1, _LONGEST_DAYS),
    help=f"Until when it holds (90; at most {_LONGEST_DAYS}).",
)
@click.option("--revoke", metavar="ID", help="Take back the token of that id instead.")
def token(name: str, auth: Path, scope: tuple[str, ...], days: int, revoke: str | None) -> None:
    """Make a token for a program, printed once; or take one back."""
    from retrieval.web.access.tokens import made
    from retrieval.web.access.users import Users

    book = Users(auth)
    if revoke:
        book.drop_token(name, revoke)
        _record(auth, name, "revoke token", token=revoke)
        say(f"token {revoke} does not hold any more", err=True)
        return
    today: date = datetime.now(UTC).date()
    text, kept = made(scope or ("ask",), today + timedelta(days=days))
    book.add_token(name, kept)
    _record(auth, name, "token", token=kept.token_id, scope=list(kept.scope), ends=str(kept.ends))
    say(text)
    say(f"{name}: token {kept.token_id} until {kept.ends}; it is not shown again", err=True)


@users.command(epilog="Example: cbir users remove anna --auth demo/users")
@click.argument("name")
@_auth
def remove(name: str, auth: Path) -> None:
    """Remove a user with all tokens; who is signed in is out at once."""
    from retrieval.web.access.users import Users

    Users(auth).remove(name)
    _record(auth, name, "remove")
    say(f"{name} is removed", err=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"{folder}: {error.strerror}") from error


def _password() -> str:
    """From a terminal, asked twice; else the first line of stdin."""
    if sys.stdin is not None and sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise UsageError("no password came by stdin; write it there as one line")
    return line.rstrip("\r\n")


def _record(auth: Path, name: str, what: str, **detail: object) -> None:
    from retrieval.web.audit import events
    from retrieval.web.audit.trail import Trail

    told = {"changed": what, "of": name, **detail}
    changed, update = events.USER_CHANGED, events.UPDATE
    trail = Trail(auth / AUDIT)
    try:
        trail.write(events.Event(events.SECURITY_ALERT, update, changed, by="cli", detail=told))
    finally:
        trail.close()
