"""Preprocessing: a chain of named steps takes a scan from measured values to grey levels 0..1.

`docs/preprocessing.md` lists the steps, their units and their defaults.
"""

from indexer.preprocess.chain import (
    DEFAULT_CHAINS,
    apply,
    chain_for,
    chains_with,
    follows_window,
    parse_chain,
    parted,
    preprocess,
)
from indexer.preprocess.grammar import Step

__all__ = [
    "DEFAULT_CHAINS",
    "Step",
    "apply",
    "chain_for",
    "chains_with",
    "follows_window",
    "parse_chain",
    "parted",
    "preprocess",
]
