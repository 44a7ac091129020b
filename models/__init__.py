"""Pixels in, numbers out: descriptors, encoders, segmenters and heads. No file formats, no index."""
