"""Preprocessing: a chain of named steps takes a scan from measured values to grey levels 0..1.

`docs/preprocessing.md` lists the steps, their units and their defaults.
"""

from indexer.preprocess.chain import DEFAULT_CHAINS, chain_for, chains_with, parse_chain, preprocess
from indexer.preprocess.grammar import Step

__all__ = ["DEFAULT_CHAINS", "Step", "chain_for", "chains_with", "parse_chain", "preprocess"]
