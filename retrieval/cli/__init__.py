"""The command line. A command parses, makes one library call and prints; one command a file."""

import contextlib
import os
import sys
from pathlib import Path

import click

from retrieval.cli.exits import guarded
from retrieval.cli.options import Place
from retrieval.cli.settings import settings_of

COMMANDS = {
    "index": "retrieval.cli.index:index",
    "query": "retrieval.cli.query:query",
    "evaluate": "retrieval.cli.evaluate:evaluate",
    "annotate": "retrieval.cli.annotate:annotate",
    "check": "retrieval.cli.check:check",
    "info": "retrieval.cli.info:info",
    "verify": "retrieval.cli.info:verify",
    "remove": "retrieval.cli.remove:remove",
    "gc": "retrieval.cli.remove:gc",
    "migrate": "retrieval.cli.migrate:migrate",
    "watch": "retrieval.cli.watch:watch",
    "preprocess": "retrieval.cli.preprocess:preprocess",
    "segment": "retrieval.cli.segment:segment",
    "serve": "retrieval.cli.serve:serve",
    "users": "retrieval.cli.users:users",
    "audit": "retrieval.cli.audit:audit",
    "augment": "retrieval.cli.augment:augment",
    "models": "retrieval.cli.models:models",
    "train": "retrieval.cli.train:train",
}


class Commands(click.Group):
    """A group whose commands are imported when they are asked for: a query must not wait."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        from models.table import load

        command: click.Command = load(COMMANDS, cmd_name, "command")
        return command


@click.group(cls=Commands, context_settings={"auto_envvar_prefix": "CBIR"})
@click.option(
    "--config",
    type=Place(dir_okay=False),
    help="Settings; without it, cbir.toml in this folder if there is one.",
)
@click.version_option(package_name="cbir", message="cbir %(version)s", allow_from_autoenv=False)
@click.pass_context
def cbir(ctx: click.Context, config: Path | None) -> None:
    """Nearest cases whose diagnosis is known, for a scan, for words, or for both.

    Decision support for research, not for primary diagnosis.
    """
    ctx.obj = settings_of(config, COMMANDS)
    ctx.default_map = ctx.obj.defaults


def main() -> None:
    """What the installed `cbir` runs.

    It ends without taking the native libraries down one by one, which takes a tenth of a second:
    every command closes what it opened, and `guarded` has flushed what it printed.
    """
    # Before a native library is loaded, which reads it once (OpenMP 5.2, section 21.2.8). Threads
    # that spin while they wait take the cores from those that they wait for as soon as a second
    # program wants them: two builds at once then took ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    code = guarded(cbir)
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr is not None:
            sys.stderr.flush()
    os._exit(code)
