"""Readers that keep silent: their warnings may hold what a header says, such as a name."""

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOUD = ("pydicom", "pylibjpeg", "openjpeg", "nibabel")
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings and log lines of pydicom, its codecs and nibabel while the block runs."""
    loggers = [logging.getLogger(name) for name in _LOUD]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Point file descriptor 2 to nowhere: the libjpeg inside GDCM prints there, past any setting.

    One thread at a time, or a second one would keep the first one's nowhere for ever.
    """
    with _ONE_AT_A_TIME:
        sys.stderr.flush()
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
