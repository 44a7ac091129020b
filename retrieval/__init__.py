"""Asks an index: search, filters, ranking, diagnosis, explanation, reports, the command line."""
