"""From errors to exit codes: one sentence on stderr, and never a traceback for bad input."""

import os
import sys
import traceback

import click

from models.errors import (
    CannotWrite,
    CbirError,
    IndexDamaged,
    IndexLocked,
    IndexUnusable,
    ModelUnusable,
    NothingToIndex,
    UnreadableScan,
    UsageError,
)
from retrieval.cli.options import verbose
from retrieval.report.shown import visible

DONE, FAULT, USAGE, REJECTS, LOCKED, INTERRUPTED = 0, 1, 2, 6, 8, 130

CODES: dict[type[CbirError], int] = {
    UsageError: USAGE,
    NothingToIndex: 3,
    UnreadableScan: 4,
    IndexUnusable: 5,
    CannotWrite: 7,
    IndexLocked: LOCKED,
    IndexDamaged: 9,
    ModelUnusable: 10,
}


def guarded(command: click.Command) -> int:
    """Runs the command line and gives its exit code."""
    try:
        code = command.main(standalone_mode=False)
        if sys.stdout is not None:  # it was closed before we began
            sys.stdout.flush()
        return code if isinstance(code, int) else DONE
    except click.exceptions.Abort:
        return _say("interrupted; the same command goes on where it stopped", INTERRUPTED)
    except KeyboardInterrupt:
        return _say("interrupted; the same command goes on where it stopped", INTERRUPTED)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except CbirError as error:
        return _say(str(error), CODES[type(error)])
    except (BrokenPipeError, SystemExit):  # the latter is click's word for the former
        return _nobody_listens(DONE)
    except OSError as error:
        code = _say_output_failed(error)
        return code if error.filename else _nobody_listens(code)
    except Exception as fault:
        return _say_fault(fault)


def _nobody_listens(code: int) -> int:
    """What is still to be flushed goes nowhere, lest Python complain about it as it ends."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _say(sentence: str, code: int) -> int:
    click.echo(f"cbir: {visible(sentence)}", err=True)
    return code


def _say_output_failed(error: OSError) -> int:
    why = os.strerror(error.errno) if error.errno else type(error).__name__
    return _say(f"{error.filename or 'the output'}: {why}", CODES[CannotWrite])


def _say_fault(fault: Exception) -> int:
    # The message may hold what stood in a header, so only its type is told.
    if verbose():
        traceback.print_exception(fault)
    return _say(
        f"a fault of ours ({type(fault).__name__}); `-v` shows where. Please report it", FAULT
    )
