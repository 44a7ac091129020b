"""Settings: what is taken, what is refused, and what makes two indexes alike."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.config import Config, check_steps, from_json, identity, read_toml
from models.encoders import EncoderSpec
from models.errors import UsageError

DIMS = {"colour": 4, "edge": 8}


def test_what_was_written_is_read_back() -> None:
    config = Config(
        encoder="mobilenetv2",
        preprocess={"CR": ("voi", "median:3")},
        segment={"CT": "ct_body"},
        mend=("inverted",),
        slices=8,
    )
    assert from_json(config.to_json()) == config
    assert from_json({}) == Config()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            {"slice": 3},
            "there is no setting 'slice'; there are: encoder, mend, preprocess, preview_px",
        ),
        ({"slices": 0}, "slices is 0; it is a whole number from 1 to 4096"),
        ({"slices": 4097}, "slices is 4097"),
        ({"slices": 2.5}, "slices is 2.5"),
        ({"slices": True}, "slices is True"),
        ({"working_px": "256"}, "working_px is '256'"),
        (
            {"mend": "border"},
            "mend is 'border'; it is a list of some of: border, inverted, wrong_win",
        ),
        ({"mend": ["blur"]}, "it is a list of some of: border"),
        ({"mend": [["border"]]}, "it is a list of some of: border"),
        ({"encoder": 3}, "encoder is 3; it is the name of an encoder"),
        ({"preprocess": ["median:3"]}, "preprocess is a table of lists"),
        ({"preprocess": {"CR": "median:3"}}, "preprocess is a table of lists"),
        ({"preprocess": {"CR": [3]}}, "preprocess is a table of lists"),
        ({"segment": "otsu"}, "segment is a table of names"),
        ({"segment": {"CT": ["otsu"]}}, "segment is a table of names"),
    ],
)
def test_what_does_not_fit_is_refused(data: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        from_json(data)


def test_the_order_of_mends_is_no_difference() -> None:
    assert from_json({"mend": ["inverted", "border"]}).mend == ("border", "inverted")
    assert from_json({"mend": []}).mend == ()
    assert from_json({}).mend == ("border", "inverted", "wrong_window")


def test_steps_and_methods_that_do_not_exist_are_refused() -> None:
    check_steps(Config(preprocess={"CR": ("voi", "clahe:2")}, segment={"": "none", "CT": "given"}))
    with pytest.raises(UsageError, match="there is no step 'sharpen'"):
        check_steps(Config(preprocess={"CR": ("sharpen:3",)}))
    with pytest.raises(UsageError, match="there is no segmenter 'lungs'"):
        check_steps(Config(segment={"CT": "lungs"}))


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "cbir.toml").write_text('[describe]\nencoder = "mobilenetv2"\n')
    assert read_toml(tmp_path / "cbir.toml") == {"describe": {"encoder": "mobilenetv2"}}
    for data in (b"[describe", b"\xff\xfe"):
        (tmp_path / "bad.toml").write_bytes(data)
        with pytest.raises(UsageError, match=r"bad\.toml cannot be read as TOML"):
            read_toml(tmp_path / "bad.toml")
    with pytest.raises(UsageError, match=r"none\.toml cannot be read"):
        read_toml(tmp_path / "none.toml")


AB = EncoderSpec(
    name="x",
    file="x.onnx",
    sha256="ab",
    size=8,
    mean=(1, 1, 1),
    std=(2, 2, 2),
    dim=4,
    licence="MIT",
    source="here",
)


def test_whatever_changes_the_numbers_changes_the_identity() -> None:
    plain = identity(Config(), AB, DIMS)
    assert plain == identity(from_json(Config().to_json()), AB, dict(reversed(DIMS.items())))
    others = {
        identity(Config(slices=8), AB, DIMS),
        identity(Config(working_px=8), AB, DIMS),
        identity(Config(preprocess={"CR": ("voi",)}), AB, DIMS),
        identity(Config(segment={"CT": "otsu"}), AB, DIMS),
        identity(Config(mend=()), AB, DIMS),
        identity(Config(mend=("inverted",)), AB, DIMS),
        identity(Config(), replace(AB, sha256="cd"), DIMS),
        identity(Config(), replace(AB, mean=(0, 0, 0)), DIMS),
        identity(Config(), AB, {**DIMS, "edge": 9}),
    }
    assert len(others) == 9
    assert plain not in others
