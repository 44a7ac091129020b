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

DONE, FAULT, USAGE, REJECTS, INTERRUPTED = 0, 1, 2, 6, 130

CODES: dict[type[CbirError], int] = {
    UsageError: USAGE,
    NothingToIndex: 3,
    UnreadableScan: 4,
    IndexUnusable: 5,
    CannotWrite: 7,
    IndexLocked: 8,
    IndexDamaged: 9,
    ModelUnusable: 10,
}


def guarded(command: click.Command) -> int:
    """Runs the command line and gives its exit code."""
    try:
        code = command.main(standalone_mode=False)
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
    except BrokenPipeError:
        # The reader of our output has gone; nothing more can be told to anyone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        return _say_output_failed(error)
    except Exception as fault:
        return _say_fault(fault)


def _say(sentence: str, code: int) -> int:
    click.echo(f"cbir: {sentence}", err=True)
    return code


def _say_output_failed(error: OSError) -> int:
    why = os.strerror(error.errno) if error.errno else type(error).__name__
    return _say(f"{error.filename or 'the output'}: {why}", CODES[CannotWrite])


def _say_fault(fault: Exception) -> int:
    # The message may hold what stood in a header, so only its type is told.
    if {"-v", "--verbose"} & set(sys.argv):
        traceback.print_exception(fault)
    return _say(
        f"a fault of ours ({type(fault).__name__}); `-v` shows where. Please report it", FAULT
    )
