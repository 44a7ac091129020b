"""Builds and changes an index: read, quality, preprocess, segment, describe, store, commit."""
