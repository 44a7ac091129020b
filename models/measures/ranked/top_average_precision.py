"""Average precision within the first k, over the hits there (mAP@5 of Mahbod et al. 2025).

It is not the mean average precision of trec_eval: what was missed does not count, so one hit at
rank 1 and nothing after it gives 1. Here to be compared with published figures.
"""

import numpy as np

from models.measures.predictions import Numbers
from models.measures.ranked import Rankings


def top_average_precision(rankings: Rankings, k: int) -> Numbers:
    """The mean precision at the ranks of the hits among the first k; 0 without any: 0..1, (q,)."""
    relevant = rankings.relevant[:, :k]
    rank = np.arange(1, relevant.shape[1] + 1)
    total = (np.cumsum(relevant, axis=1) / rank * relevant).sum(axis=1)
    return np.asarray(total / np.maximum(1, relevant.sum(axis=1)), np.float64)
