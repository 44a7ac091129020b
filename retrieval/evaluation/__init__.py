"""How well an index finds what it should: each case asks, or a set of queries does.

`run.evaluate` joins the files here: who asks (`questions`), what answers (`systems`, the floors
among them), and what was found, in figures (`figures`) or as TREC files (`trec`).
"""
