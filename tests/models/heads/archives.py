"""Archives in numbers alone, to fit heads on."""

import numpy as np

from models.heads.evidence import Evidence


def clusters(count: int, noise: float = 1.0, seed: int = 0, films: int = 2) -> Evidence:
    """Cases of labels a, b, c around three directions, `films` of each patient.

    The embedding tells the labels apart, as well as `noise` lets it; colour and edge tell nothing.
    """
    random = np.random.default_rng(seed)
    truth = np.repeat(random.integers(0, 3, -(-count // films)), films)[:count]
    embedding = np.eye(12)[truth] * 2 + noise * random.standard_normal((count, 12))
    blocks = {
        "colour": random.standard_normal((count, 6)),
        "edge": random.standard_normal((count, 6)),
        "embedding": embedding,
    }
    return Evidence(
        {
            name: (block / np.linalg.norm(block, axis=1, keepdims=True)).astype(np.float32)
            for name, block in blocks.items()
        },
        tuple("abc"[one] for one in truth),
        tuple(f"p{row // films}" for row in range(count)),
        np.ones(count, bool),
    )


WEIGHTS = {"colour": 0.2, "edge": 0.2, "embedding": 0.6}
