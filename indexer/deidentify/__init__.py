"""A scan without what tells whose it is: the same pixels, written anew.

Of a header only what is named here is kept, so what is not known of is left out. The pixels stay as
they are: a name that is burned into them stays too (docs/security.md).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from indexer.read import read
from indexer.read.contract import Limits
from indexer.read.reader import kind
from indexer.scan import Scan
from models.errors import UnreadableScan
from models.table import load

CODE = "not_kept"
"""Of the `UnreadableScan` where a scan cannot be written without whose it is."""

Meta = dict[str, Any]
Arrays = dict[str, np.ndarray]

WRITERS: Mapping[str, str] = {
    "dicom": "indexer.deidentify.of_dicom:written",
    "nifti": "indexer.deidentify.of_nifti:written",
    "picture": "indexer.deidentify.of_picture:written",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What a scan is called instead. `patient`: a pseudonym. `study`, `series`: fresh UIDs."""

    patient: str
    study: str
    series: str


Written = Callable[[Sequence[Path], Scan, Names, Limits], list[tuple[str, bytes]]]


def deidentify(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """Worker side: writes the files of one scan anew into a folder that is there and empty.

    `params`: `paths`, `folder`, and `patient`, `study`, `series` as in `Names`. Raises
    `UnreadableScan`, with `CODE` if what was written would not be read as the same scan.
    """
    paths = [Path(path) for path in params["paths"]]
    names = Names(params["patient"], params["study"], params["series"])
    limits = Limits()
    scan = read(paths)
    write: Written = load(WRITERS, kind(paths[0], limits), "file format")
    ordered = [Path(path) for path in scan.paths] or paths
    folder = Path(params["folder"])
    files = []
    for name, data in write(ordered, scan, names, limits):
        files.append(folder / name)
        files[-1].write_bytes(data)
    before = seen_of(scan)
    del scan
    if seen_of(read(files)) != before:
        raise UnreadableScan(CODE, "this kind of file cannot be kept exactly without its header")
    return {"files": len(files)}, {}


def seen_of(scan: Scan) -> tuple[object, ...]:
    """What is seen of a scan; equal for two that look the same and are described the same."""
    header = scan.header
    parts = [scan.pixels] if scan.valid is None else [scan.pixels, scan.valid]
    voi = scan.voi
    return (
        tuple(hashlib.sha256(np.ascontiguousarray(part).data).hexdigest() for part in parts),
        (scan.pixels.shape, scan.unit, scan.colour, scan.inverted, scan.spacing_mm),
        None if voi is None else (voi.centre, voi.width, voi.function, voi.table is None),
        (header.modality, header.body_part, header.view, header.sex),
    )
