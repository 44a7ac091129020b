"""Running an encoder: what comes out, and that nothing else depends on how it is run."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.arrays import ByteImage
from models.encoders import DEFAULT, Encoder, EncoderSpec
from models.encoders.fit import fit
from models.encoders.onnx import OpenVinoEncoder
from models.runtime.compiled import CompiledCache
from models.runtime.registry import SHIPPED, load, spec_of


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load(DEFAULT, threads=2)


@pytest.fixture(scope="module")
def films(examples: Path) -> ByteImage:
    paths = sorted((examples / "archive").rglob("*.jpg"))[::16]
    grey = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    pictures = [np.asarray(g, np.float32) / np.float32(255) for g in grey if g is not None]
    return np.stack([fit(picture, 224) for picture in pictures])


def test_unit_rows(encoder: Encoder, films: ByteImage) -> None:
    found = encoder.encode(films)
    assert found.dtype == np.float32 and found.shape == (len(films), 1280)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert (found >= 0).all()  # what is pooled follows a ReLU6


def test_no_picture_gives_no_row(encoder: Encoder) -> None:
    assert encoder.encode(np.zeros((0, 224, 224, 3), np.uint8)).shape == (0, 1280)


def test_a_row_does_not_depend_on_the_batch(encoder: Encoder, films: ByteImage) -> None:
    together = encoder.encode(films)
    alone = np.concatenate([encoder.encode(film[None]) for film in films])
    np.testing.assert_array_equal(together, alone)


def test_nor_on_the_threads(encoder: Encoder, films: ByteImage) -> None:
    np.testing.assert_array_equal(load(DEFAULT, threads=1).encode(films), encoder.encode(films))


def test_called_from_several_threads(encoder: Encoder, films: ByteImage) -> None:
    wanted = encoder.encode(films)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(encoder.encode, [films] * 8):
            np.testing.assert_array_equal(found, wanted)


def test_a_view_of_other_memory_is_taken(encoder: Encoder, films: ByteImage) -> None:
    grey = np.broadcast_to(films[..., :1], films.shape)
    np.testing.assert_array_equal(encoder.encode(grey), encoder.encode(films))


def test_an_embedding_is_the_mean_of_its_feature_map(encoder: Encoder, films: ByteImage) -> None:
    embeddings, maps = encoder.encode_maps(films)
    np.testing.assert_array_equal(embeddings, encoder.encode(films))
    assert maps is not None
    assert encoder.map_shape == maps.shape[1:] == (7, 7, 1280)
    means = maps.mean(axis=(1, 2))
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    np.testing.assert_allclose(means, embeddings, atol=1e-5)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 224, 224, 3), np.float32),
        np.zeros((1, 100, 100, 3), np.uint8),
        np.zeros((224, 224, 3), np.uint8),
        np.zeros((1, 3, 224, 224), np.uint8),
    ],
)
def test_another_shape_is_refused(encoder: Encoder, batch: ByteImage) -> None:
    with pytest.raises(ValueError, match=r"takes uint8 \(n, 224, 224, 3\)"):
        encoder.encode(batch)


def test_the_same_from_the_cache(films: ByteImage, encoder: Encoder, tmp_path: Path) -> None:
    spec = spec_of(DEFAULT, EncoderSpec)
    onnx = (SHIPPED / spec.file).read_bytes()
    cache = CompiledCache(tmp_path / "compiled")
    first = OpenVinoEncoder(spec, onnx, 1, cache).encode(films)
    kept = list((tmp_path / "compiled").iterdir())
    assert len(kept) == 1
    np.testing.assert_array_equal(OpenVinoEncoder(spec, onnx, 1, cache).encode(films), first)
    kept[0].write_bytes(b"damaged")
    np.testing.assert_array_equal(OpenVinoEncoder(spec, onnx, 1, cache).encode(films), first)
    np.testing.assert_array_equal(first, encoder.encode(films))


def test_nothing_that_reports_home_is_imported() -> None:
    """`import openvino` alone would send a usage event over the network."""
    program = (
        "import sys; from models.runtime.registry import load; load('mobilenetv2', 1);"
        "import openvino;"
        "print([m for m in sys.modules if 'telemetry' in m or '.ovc' in m or m == 'torch'])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert found.stdout.decode().strip() == "[]"


def test_a_process_that_ends_at_once_ends_with_its_own_code() -> None:
    """A replaced callback, dropped by OpenVINO's thread while Python shuts down, aborted it."""
    program = (
        "import sys; import numpy as np; from models.runtime.registry import load;"
        "e = load('mobilenetv2', 2); e.encode(np.zeros((9, 224, 224, 3), np.uint8));"
        "e.encode(np.zeros((0, 224, 224, 3), np.uint8)); sys.exit(3)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 3
