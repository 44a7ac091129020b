"""nDCG@k with binary relevance (Järvelin and Kekäläinen 2002; trec_eval's `ndcg_cut_k`)."""

import numpy as np

from models.measures.predictions import Numbers
from models.measures.ranked import Rankings


def ndcg(rankings: Rankings, k: int) -> Numbers:
    """What is found in the first k, the earlier the better, over the best possible: 0..1, (q,)."""
    relevant = rankings.relevant[:, :k]
    discount = 1 / np.log2(np.arange(2, k + 2))
    gained = relevant @ discount[: relevant.shape[1]]
    best = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(rankings.wanted, k)]
    return np.asarray(gained / best, np.float64)
