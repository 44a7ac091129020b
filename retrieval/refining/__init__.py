"""What a search can be told beyond a scan and words, one file each.

- `similarity`: cases by their score alone, which is what every search begins with.
- `diagnosis`: a part of the score is how probable the suggestion makes a case's label.
- `marks`: more like these cases, less like those.
- `spread`: from words to pictures, so that cases without any text can be found by words.

What else was tried, and what each brings and costs: docs/refining.md.
"""

from collections.abc import Mapping
from types import MappingProxyType

WAYS: Mapping[str, str] = MappingProxyType(
    {"diagnosis": "retrieval.refining.diagnosis:ByDiagnosis"}
)
"""What `--refine` takes."""
