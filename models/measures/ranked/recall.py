"""Recall@k: the share of all relevant cases that is among the first k (trec_eval's `recall_k`)."""

import numpy as np

from models.measures.predictions import Numbers
from models.measures.ranked import Rankings


def recall(rankings: Rankings, k: int) -> Numbers:
    """0..1 for each query, (q,). At most k of the relevant ones can be there."""
    return np.asarray(rankings.relevant[:, :k].sum(axis=1) / rankings.wanted, np.float64)
