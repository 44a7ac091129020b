"""More films from few: an archive enlarged by films that are made of its own.

    walk -> look at every film -> circles of patients -> plan -> make (in the workers) -> table

`enlarge.py` joins them. The ways themselves are in `models/augmenting/`.

No split can separate a made film from its origins: films are only mixed within a circle of a few
patients, and in the enlarged archive all films of a circle have one `patient_id`, the circle's.
Whatever splits by patient keeps them together, without knowing that films were made.
"""
