"""What is written beside a trained network."""

import numpy as np

from indexer.learn.model_folder import of_what
from tests.indexer.learn.test_sides import gathered
from tests.indexer.learn.test_unseen import SEGMENTER


def test_a_model_knows_what_the_films_were_of() -> None:
    films = gathered(
        [
            {"patient_id": "p", "modality": "DX", "body_part": "THORAX"},
            {"patient_id": "q", "modality": "CR", "body_part": "CHEST"},
            {"patient_id": "r", "modality": "CT"},
        ]
    )
    learned = of_what(SEGMENTER, films, np.arange(2))
    assert (learned.modalities, learned.body_parts) == (("CR",), ("CHEST",))
    every = of_what(SEGMENTER, films, np.arange(3))
    assert (every.modalities, every.body_parts) == (("CR", "CT"), ())
