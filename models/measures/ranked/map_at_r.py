"""MAP@R (Musgrave, Belongie and Lim 2020, "A Metric Learning Reality Check")."""

import numpy as np

from models.measures.predictions import Numbers
from models.measures.ranked import Rankings


def map_at_r(rankings: Rankings) -> Numbers:
    """Average precision within the first R, where R is the number of relevant cases: 0..1, (q,).

    1 only if all relevant cases come first; no relevant case far down makes up for it.
    """
    relevant = rankings.relevant
    rank = np.arange(1, relevant.shape[1] + 1)
    inside = relevant & (rank <= rankings.wanted[:, None])
    total = (np.cumsum(relevant, axis=1) / rank * inside).sum(axis=1)
    return np.asarray(total / rankings.wanted, np.float64)
