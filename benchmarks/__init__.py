"""How good and how fast, against floors and peers, in one run."""
