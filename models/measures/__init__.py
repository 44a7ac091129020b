"""Measures: how good an answer is, given the truth. Numbers in, numbers out."""
