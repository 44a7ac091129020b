"""An answer as a person or a program reads it: a terminal table, JSON, one HTML file."""

DISCLAIMER = "Decision support for research, not for primary diagnosis."
"""Stands wherever a person reads an answer."""
