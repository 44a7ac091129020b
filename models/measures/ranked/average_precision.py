"""Average precision; its mean over queries is mAP (trec_eval's `map`)."""

import numpy as np

from models.measures.predictions import Numbers
from models.measures.ranked import Rankings


def average_precision(rankings: Rankings) -> Numbers:
    """The mean, over all relevant cases, of the precision at each one's rank: 0..1, (q,).

    A relevant case that was not found counts 0.
    """
    relevant = rankings.relevant
    rank = np.arange(1, relevant.shape[1] + 1)
    total = (np.cumsum(relevant, axis=1) / rank * relevant).sum(axis=1)
    return np.asarray(total / rankings.wanted, np.float64)
