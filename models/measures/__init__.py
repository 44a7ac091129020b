"""Measures: how good an answer is, given the truth. Numbers in, numbers out.

One family a file. What takes `weights`, float64 (resamples, n), is computed for all resamples at
once: a row of weights says how often each film counts, so that a bootstrap is one matrix product
(`models.measures.intervals`). What a sample cannot tell (the recall of a class that it lacks) is
NaN, which becomes null in JSON and is left out of means over classes.
"""
