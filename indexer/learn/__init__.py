"""Learning from an archive: its films gathered and split by patient, and what is trained on them.

    gather (read, preprocess, segment, as for an index) -> split -> train -> measure -> model folder

One file joins them for each thing that is learned (`classifier.py`, `segmenter.py`, ...). The
networks and the training itself are in `models`.
"""
