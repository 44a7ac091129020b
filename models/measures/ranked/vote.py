"""Whether the first k, by their majority, give the query's label (mMV@5 of Mahbod et al. 2025).

A tie that the query's label takes part in counts as right, as in their code; a person who had to
choose would be right half of the time. Here to be compared with published figures.
"""

import numpy as np

from models.measures.predictions import Numbers
from models.measures.ranked import Rankings


def vote(rankings: Rankings, k: int) -> Numbers:
    """1 or 0 for each query, (q,)."""
    first = rankings.found[:, :k]
    counts = (first[:, :, None] == first[:, None, :]).sum(axis=2)
    counts = np.where(first >= 0, counts, 0)
    own = np.where(rankings.relevant[:, :k], counts, 0).max(axis=1, initial=0)
    return np.asarray((own > 0) & (own == counts.max(axis=1, initial=0)), np.float64)
