"""Precision@k: the share of the first k that is relevant (trec_eval's `P_k`)."""

import numpy as np

from models.measures.predictions import Numbers
from models.measures.ranked import Rankings


def precision(rankings: Rankings, k: int) -> Numbers:
    """0..1 for each query, (q,). Of k, also where fewer cases can be found at all."""
    return np.asarray(rankings.relevant[:, :k].sum(axis=1) / k, np.float64)
