"""Annotating scans by models: an archive or one scan in, a table of texts and numbers out.

    walk -> plan -> square (in the workers) -> annotators -> table

The table is a CSV file that `cbir index --annotations` takes. `run.py` joins the stages.
"""
