"""What counts as a term, in English and in Chinese."""

import pytest

from models.descriptors.words import terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" -- ", []),
        ("No pleural effusion", ["no", "pleural", "no pleural", "effusion", "pleural effusion"]),
        ("Effusion. No mass", ["effusion", "no", "mass", "no mass"]),
        ("nodule 3.5 mm", ["nodule", "3.5", "nodule 3.5", "mm", "3.5 mm"]),
        ("X-ray", ["x", "ray", "x ray"]),
        ("右肺", ["右", "肺", "右肺"]),
        ("无积液\uff0c心影", ["无", "积", "液", "无积", "积液", "心", "影", "心影"]),
        ("CT示结节", ["ct", "示", "结", "节", "示结", "结节"]),
        ("\uff23\uff34", ["ct"]),
        ("Épanchement pleural", ["épanchement", "pleural", "épanchement pleural"]),
    ],
)
def test_terms(text: str, found: list[str]) -> None:
    assert list(terms(text)) == found
