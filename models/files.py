"""Writing a file whole or not at all."""

import os
from pathlib import Path
from uuid import uuid4

from models.errors import CannotWrite


def write_whole(path: Path, content: bytes) -> None:
    """Writes under a temporary name, syncs and renames: no half of a file ever stands there.

    Makes the folder if there is none. Raises `CannotWrite`.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be written: {os.strerror(error.errno or 0)}; make room or choose "
            "another folder, and run the same command again"
        ) from error
