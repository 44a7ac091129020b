"""Pixels in, numbers out: descriptors, encoders, segmenters, heads. No file formats, no index."""
