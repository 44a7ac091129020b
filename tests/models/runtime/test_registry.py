"""The encoders that there are, adding one, and refusing files that are not what they should be."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.encoders import DEFAULT, EncoderSpec
from models.errors import CannotWrite, ModelUnusable
from models.runtime import registry
from models.runtime.members import NO_MEMBER
from models.runtime.spec import read_spec

MOBILE = registry.SHIPPED / "mobilenetv2.onnx"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CBIR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CBIR_COMPILE_CACHE", "off")
    return tmp_path / "models"


def spec_file(folder: Path, **change: Any) -> Path:
    told = asdict(read_spec(registry.SHIPPED / "mobilenetv2.json"))
    del told["file"], told["sha256"]
    path = folder / "spec.json"
    path.write_text(json.dumps({**told, "name": "mine", **change}), encoding="utf-8")
    return path


def names() -> list[str]:
    return [spec.name for spec in registry.available(EncoderSpec)]


def test_two_encoders_ship() -> None:
    assert names() == [DEFAULT, "mobilenetv2"]
    assert registry.is_shipped(DEFAULT) and not registry.is_shipped("mine")
    sizes = [
        (registry.SHIPPED / spec.file).stat().st_size for spec in registry.available(EncoderSpec)
    ]
    assert sizes[0] < 4 * 2**20 and sizes[1] < 2.6 * 2**20


def test_added_then_listed_and_loaded(tmp_path: Path, folder: Path) -> None:
    added = registry.add(MOBILE, spec_file(tmp_path))
    assert added.file == f"mine-{added.sha256[:12]}.onnx"
    assert names() == [DEFAULT, "mobilenetv2", "mine"]
    assert sorted(p.name for p in folder.iterdir()) == [added.file, "mine.json"]
    picture = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), np.uint8)
    mine, shipped = registry.load("mine", 1), registry.load("mobilenetv2", 1)
    assert isinstance(mine.spec, EncoderSpec)
    np.testing.assert_array_equal(mine.encode(picture), shipped.encode(picture))


def test_replaced_only_if_asked_for(tmp_path: Path, folder: Path) -> None:
    registry.add(MOBILE, spec_file(tmp_path))
    with pytest.raises(ModelUnusable, match="there is a model 'mine'"):
        registry.add(MOBILE, spec_file(tmp_path))
    other = registry.SHIPPED / "efficientnet-lite0.onnx"
    replaced = registry.add(other, spec_file(tmp_path), replace_existing=True)
    assert sorted(p.name for p in folder.iterdir()) == [replaced.file, "mine.json"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "../mine"}, "not allowed"),
        ({"name": DEFAULT}, "name of a shipped model"),
        ({"dim": 512}, "gives (1280,) numbers a picture, its spec says dim 512"),
        ({"sha256": "0" * 64}, "get the file again"),
        ({"size": 100000}, "size 100000"),
        ({"layout": "NHWC"}, "cannot be run by OpenVINO"),
    ],
)
def test_a_spec_that_does_not_fit(
    tmp_path: Path, folder: Path, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ModelUnusable) as caught:
        registry.add(MOBILE, spec_file(tmp_path, **change))
    assert words in str(caught.value)
    assert not folder.exists()


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x08\x07" * 400])
def test_a_file_that_is_no_network(tmp_path: Path, folder: Path, content: bytes) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(content)
    with pytest.raises(ModelUnusable):
        registry.add(broken, spec_file(tmp_path))
    assert not folder.exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="cannot be read: No such file"):
        registry.add(tmp_path / "none.onnx", spec_file(tmp_path))


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CBIR_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(CannotWrite, match="CBIR_MODELS can name another folder"):
        registry.add(MOBILE, spec_file(tmp_path))


def test_a_changed_file_is_not_loaded(tmp_path: Path, folder: Path) -> None:
    added = registry.add(MOBILE, spec_file(tmp_path))
    file = folder / added.file
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelUnusable) as caught:
        registry.load("mine", 1)
    assert str(file) in str(caught.value)
    assert "is not the file that its spec names" in str(caught.value)
    assert "add the model again" in str(caught.value)


def test_a_missing_network_and_a_renamed_spec(tmp_path: Path, folder: Path) -> None:
    added = registry.add(MOBILE, spec_file(tmp_path))
    (folder / added.file).unlink()
    with pytest.raises(ModelUnusable, match="cannot be read"):
        registry.load("mine", 1)
    (folder / "mine.json").rename(folder / "other.json")
    with pytest.raises(ModelUnusable, match="says name 'mine'; it must be 'other'"):
        registry.available(EncoderSpec)


@pytest.mark.parametrize("name", ["nothing", "../weights/mobilenetv2", ""])
def test_no_such_encoder(name: str) -> None:
    with pytest.raises(ModelUnusable, match=r"there is no model|not allowed"):
        registry.load(name)


def test_where_a_user_s_models_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CBIR_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert registry.user_folder() == tmp_path / "cbir" / "models"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert registry.user_folder() == Path.home() / ".local/share/cbir/models"


def test_the_files_that_a_model_was_trained_on(tmp_path: Path, folder: Path) -> None:
    told = "ab" * 32 + "\n" + "CD" * 32 + "\n"
    (tmp_path / "films.txt").write_text(told, encoding="ascii")
    listed = {"ab" * 32: NO_MEMBER, "cd" * 32: NO_MEMBER}
    added = registry.add(MOBILE, spec_file(tmp_path, trained_on="films.txt"))
    assert registry.trained_on("mine") == listed
    assert registry.trained_on(str(folder / "mine.json")) == listed
    assert registry.trained_on(DEFAULT) == {}
    (folder / added.trained_on).write_text("ab" * 32 + " 0", encoding="ascii")
    with pytest.raises(ModelUnusable, match="the number of a member"):  # it is no committee
        registry.trained_on("mine")
    (folder / added.trained_on).write_text("ab" * 31, encoding="ascii")
    with pytest.raises(ModelUnusable, match="is not a list of SHA-256"):
        registry.trained_on("mine")
    (folder / added.trained_on).unlink()
    with pytest.raises(ModelUnusable, match="cannot be read"):
        registry.trained_on("mine")
