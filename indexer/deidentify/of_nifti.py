"""NIfTI: the header's numbers without its texts and extensions, and the first volume."""

import gzip
from collections.abc import Sequence
from pathlib import Path

from indexer.deidentify import Names
from indexer.read.contract import Limits
from indexer.read.nifti import bare
from indexer.scan import Scan


def written(
    paths: Sequence[Path], scan: Scan, names: Names, limits: Limits
) -> list[tuple[str, bytes]]:
    """Name and bytes of the one file, compressed without its name or time."""
    return [("scan.nii.gz", gzip.compress(bare(paths[0], limits), 1, mtime=0))]
