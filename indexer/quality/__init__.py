"""What is remarkable about one scan, seen from its pixels alone, before anything is done to it.

`docs/quality.md` says what each check looks for, and how often it is right.
"""

# The checks themselves (`indexer.quality.table`) need OpenCV: they are for the workers.
from indexer.quality.finding import (
    CODES,
    DEFAULT_MENDS,
    MENDS,
    Finding,
    code_of,
    codes_of,
    joined,
)

__all__ = ["CODES", "DEFAULT_MENDS", "MENDS", "Finding", "code_of", "codes_of", "joined"]
