"""Training in torch: settings, batches, losses, the loop, checkpoints, export to ONNX.

Everything here needs the extra `train`. What comes out is ONNX and JSON that the base installation
runs. Pictures come as arrays; where they are from and whose they are is `indexer.learn`'s business.
"""
