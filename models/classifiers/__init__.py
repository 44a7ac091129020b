"""Classifiers: networks (ONNX files with a spec) that give a picture's class probabilities."""
