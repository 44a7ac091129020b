"""Files in, scans out: DICOM, NIfTI and pictures, told apart by their content.

`peek` gives the header of one file, `read` the pixels of a file or of all slices of a series. Both
raise `UnreadableScan` with a code of `reasons.REASONS` for whatever cannot be read, and nothing
else. Importing this loads no file format; each loads what it needs when a file asks for it.

Call them from one thread of a process at a time (warnings and pydicom's strictness are switched for
the whole process meanwhile), and in a sandboxed process where files come from outside: GDCM aborts
on about one of two thousand damaged JPEGs.
"""

from indexer.read.contract import Limits, Peek
from indexer.read.reader import edges, peek, read
from indexer.read.reasons import REASONS

__all__ = ["REASONS", "Limits", "Peek", "edges", "peek", "read"]
