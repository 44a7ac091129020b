"""The quick checks, while an index is written: what the summary of a build counts.

Near duplicates and doubtful labels take longer than a build should; `cbir check` looks for them.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from indexer.check.material import Material
from indexer.check.run import found_by
from models.heads.orientation import OrientationHeads

QUICK = ("remarks", "orientation", "same_bytes", "same_pixels", "cases")


def counted(folder: Path, dims: Mapping[str, int], lie: OrientationHeads) -> dict[str, int]:
    """Code -> count, of the generation in `folder`, whose tables are written."""
    findings, _ = found_by(QUICK, Material(folder, dims, lie))
    return dict(sorted(Counter(one.code for one in findings).items()))
