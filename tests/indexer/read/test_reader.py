"""What every format has in common: codes, privacy, silence, cheap imports."""

import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.read import REASONS, Limits, peek, read
from models.errors import UnreadableScan
from tests.indexer.read.dicom_files import dataset, dicom, plane, ramp, save

DEFLATED = "1.2.840.10008.1.2.1.99"


def code(path: Path, limits: Limits | None = None) -> str:
    """The code of both, which have to agree."""
    with pytest.raises(UnreadableScan) as seen:
        peek(path, limits)
    with pytest.raises(UnreadableScan) as caught:
        read([path], limits)
    assert seen.value.code == caught.value.code
    assert caught.value.code in REASONS
    return caught.value.code


def test_missing_folder_empty_and_unknown(tmp_path: Path) -> None:
    assert code(tmp_path / "nothing") == "missing"
    assert code(tmp_path) == "not_a_file"
    (tmp_path / "empty.dcm").touch()
    assert code(tmp_path / "empty.dcm") == "empty"
    (tmp_path / "text.dcm").write_text("this is no scan, whatever its name says")
    assert code(tmp_path / "text.dcm") == "unknown_format"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert code(tmp_path / "pipe") == "not_a_file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_permission(tmp_path: Path) -> None:
    path = dicom(tmp_path / "scan", ramp())
    path.chmod(0)
    assert code(path) == "permission"


def test_a_large_file_is_not_opened(tmp_path: Path) -> None:
    assert code(dicom(tmp_path / "scan", ramp()), Limits(max_file_bytes=100)) == "too_large"


def test_too_many_pixels(tmp_path: Path) -> None:
    assert code(dicom(tmp_path / "scan", ramp()), Limits(max_pixels=19)) == "too_large"


def test_other_dicom_objects(tmp_path: Path) -> None:
    assert code(dicom(tmp_path / "report", None, Modality="SR")) == "not_an_image"
    made = dataset(ramp())
    del made.PixelData
    assert code(save(made, tmp_path / "none")) == "no_pixels"


def test_unknown_compression(tmp_path: Path) -> None:
    path = dicom(tmp_path / "scan", ramp())
    claimed = b"1.2.3.4.5".ljust(20, b"\0")
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", claimed, 1))
    assert code(path) == "unsupported_transfer_syntax"


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated"])
def test_headers_that_lack_what_pixels_need(tmp_path: Path, keyword: str) -> None:
    assert code(dicom(tmp_path / "scan", ramp(), **{keyword: 0})) == "bad_header"


def test_four_samples_a_pixel(tmp_path: Path) -> None:
    assert code(dicom(tmp_path / "scan", ramp(), SamplesPerPixel=4)) == "unsupported_pixels"


def test_dicom_without_preamble_and_with_a_picture_as_preamble(tmp_path: Path) -> None:
    content = dicom(tmp_path / "scan", ramp()).read_bytes()
    path = tmp_path / "other"
    for changed in (content[132:], b"II*\0".ljust(128, b"\0") + content[128:]):
        path.write_bytes(changed)
        np.testing.assert_array_equal(read([path]).pixels, ramp())


def test_a_data_set_without_meta_information(tmp_path: Path) -> None:
    for implicit, little in ((True, True), (False, True)):
        made = dataset(ramp())
        made.save_as(tmp_path / "bare", implicit_vr=implicit, little_endian=little)
        np.testing.assert_array_equal(read([tmp_path / "bare"]).pixels, ramp())


def test_deflated(tmp_path: Path) -> None:
    path = save(dataset(ramp()), tmp_path / "scan", DEFLATED)
    assert peek(path).header.patient_id == "P1"
    np.testing.assert_array_equal(read([path]).pixels, ramp())


def test_a_deflated_bomb_is_not_unfolded(tmp_path: Path) -> None:
    path = save(dataset(ramp()), tmp_path / "scan", DEFLATED)
    content = path.read_bytes()
    start = content.index(DEFLATED.encode()) + 22
    folder = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = folder.compress(b"\x09\x00\x10\x00UN\0\0" + b"\xff\xff\xff\x7f" + bytes(30_000_000))
    path.write_bytes(content[:start] + bomb + folder.flush())
    assert path.stat().st_size < 40_000
    assert code(path, Limits(max_inflated_bytes=20_000_000)) == "too_large"


def test_pictures_are_not_slices(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), ramp(dtype="u1"))
    with pytest.raises(UnreadableScan) as caught:
        read([path, path])
    assert caught.value.code == "inconsistent_series"


def test_no_sentence_and_no_output_holds_what_the_header_says(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = dataset(ramp(), PatientName="Doe^Jane", PatientID="SECRET-77", StudyDate="notadate")
    made.PixelData = b"\0\0"
    path = save(made, tmp_path / "scan")
    with pytest.raises(UnreadableScan) as caught:
        read([path])
    said = " ".join([str(caught.value), *capfd.readouterr()])
    assert not re.search("Doe|Jane|SECRET|notadate|scan$", said)
    assert caught.value.__cause__ is None


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 10_000))
def test_every_beginning_of_a_file_is_refused(tmp_path: Path, length: int) -> None:
    whole = dicom(tmp_path / "scan", ramp(30, 30), **plane(0)).read_bytes()
    path = tmp_path / "part"
    path.write_bytes(whole[: length % (len(whole) - 1)])
    assert code(path) in {
        "empty",
        "unknown_format",
        "not_an_image",
        "bad_header",
        "no_pixels",
        "truncated",
    }


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["dicom", "rle", "deflated", ".png", ".jpg", ".bmp", ".tiff"]),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damage_gives_a_scan_or_a_reason_and_nothing_else(
    tmp_path: Path, kind: str, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(sample(tmp_path, kind))
    for place, value in changes:
        content[place % len(content)] = value
    path = tmp_path / "damaged"
    path.write_bytes(content)
    try:
        scan = read([path], Limits(max_pixels=1_000_000, max_inflated_bytes=10_000_000))
    except UnreadableScan as error:
        assert error.code in REASONS
    else:
        assert scan.pixels.dtype == np.float32
        assert np.isfinite(scan.pixels).all()


def sample(folder: Path, kind: str) -> bytes:
    """A small file of that kind."""
    if kind.startswith("."):
        return bytes(cv2.imencode(kind, ramp(20, 20, "u1"))[1])
    made = dataset(ramp(20, 20), **plane(0))
    path = save(made, folder / "sample", DEFLATED if kind == "deflated" else "1.2.840.10008.1.2.1")
    if kind == "rle":
        made.compress("1.2.840.10008.1.2.5")
        path = save(made, path, "1.2.840.10008.1.2.5")
    return path.read_bytes()


def test_importing_the_readers_loads_no_file_format() -> None:
    program = (
        "import sys, indexer.read; "
        "print([m for m in ('cv2', 'pydicom', 'nibabel', 'gdcm', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_picture_does_not_load_the_dicom_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), ramp(dtype="u1"))
    program = (
        "import sys, pathlib, indexer.read as r; r.read([pathlib.Path(sys.argv[1])]); "
        "print([m for m in ('pydicom', 'nibabel', 'gdcm', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
