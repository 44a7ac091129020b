"""Hit rate@k: whether anything relevant is among the first k.

Often called recall@k in metric learning (Jégou et al. 2011, "Product quantization for nearest
neighbor search"), or ACC@k; it is `success_k` in trec_eval.
"""

import numpy as np

from models.measures.predictions import Numbers
from models.measures.ranked import Rankings


def hit_rate(rankings: Rankings, k: int) -> Numbers:
    """1 or 0 for each query, (q,)."""
    return np.asarray(rankings.relevant[:, :k].any(axis=1), np.float64)
