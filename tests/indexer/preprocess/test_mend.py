"""Steps that undo a fault."""

import numpy as np
import pytest

from indexer.preprocess import apply, follows_window, parse_chain, parted, preprocess
from indexer.preprocess.mend import crop_mask
from indexer.scan import Scan, Voi
from models.errors import UsageError
from tests.indexer.preprocess.scans import every_kind, film, volume

EIGHT = Voi(127.5, 255, "LINEAR_EXACT")


def test_crop_cuts_each_side() -> None:
    scan = Scan(film(), voi=EIGHT, valid=film() > 3)
    after = apply(scan, parse_chain("crop:5,10,20,40")[:1])
    assert after.valid is not None
    np.testing.assert_array_equal(after.pixels, film()[5:150, 20:152])
    np.testing.assert_array_equal(after.valid, film()[5:150, 20:152] > 3)
    assert after.voi == EIGHT


def test_crop_cuts_every_slice_alike_and_colour_too() -> None:
    after = apply(Scan(volume()), parse_chain("crop:1,2,3,4")[:1])
    np.testing.assert_array_equal(after.pixels, volume()[:, 1:38, 3:44])
    colour = every_kind()["colour"]
    cut = apply(colour, parse_chain("crop:0,60")[:1])
    np.testing.assert_array_equal(cut.pixels, colour.pixels[:100])


def test_a_mask_is_cut_as_its_scan() -> None:
    mask = film() > 100
    (step, _) = parse_chain("crop:5,10,20,40")
    np.testing.assert_array_equal(crop_mask(mask, step), mask[5:150, 20:152])


def test_crop_leaves_something() -> None:
    with pytest.raises(UsageError, match="crop leaves nothing of 192 x 160 pixels"):
        apply(Scan(film()), parse_chain("crop:80,80")[:1])


def test_what_is_inverted_twice_is_as_it_was() -> None:
    for scan in every_kind().values():
        plain = preprocess(scan, parse_chain("voi")).pixels
        once = preprocess(scan, parse_chain("invert")).pixels
        np.testing.assert_allclose(once, 1 - plain, atol=1e-6)
        twice = preprocess(scan, parse_chain("invert,voi,invert")).pixels
        np.testing.assert_allclose(twice, plain, atol=1e-6)


def test_rewindow_gives_voi_another_window() -> None:
    hot = film() * np.float32(16)
    hot[3, 3] = 65535
    dark = preprocess(Scan(hot, bits=16), parse_chain("voi")).pixels
    assert np.percentile(dark, 99) < 0.1
    mended = preprocess(Scan(hot, bits=16), parse_chain("rewindow")).pixels
    low, high = np.percentile(hot, [0.5, 99.5])
    np.testing.assert_allclose(mended, ((hot - low) / (high - low)).clip(0, 1), atol=0.02)
    fixed = parse_chain("rewindow,window:1000,500")
    plain = parse_chain("window:1000,500")
    np.testing.assert_array_equal(
        preprocess(Scan(hot, bits=16), fixed).pixels, preprocess(Scan(hot, bits=16), plain).pixels
    )


def test_where_the_steps_stand() -> None:
    assert [str(step) for step in parse_chain("crop:1,invert,rewindow,median:3")] == [
        "crop:1px,0px,0px,0px",
        "invert",
        "rewindow:0.5,99.5",
        "voi",
        "median:3px",
    ]
    cuts, others = parted(parse_chain("crop:1,crop:0,0,2,invert"))
    assert [step.name for step in cuts] == ["crop", "crop"]
    assert [step.name for step in others] == ["invert", "voi"]
    with pytest.raises(UsageError, match="'crop:1px,0px,0px,0px' changes the shape"):
        parse_chain("median:3,crop:1")
    with pytest.raises(UsageError, match="rewindow"):
        parse_chain("rewindow:5,1")


def test_which_chains_look_at_the_files_window() -> None:
    def follows(text: str, unit: str = "stored") -> bool:
        return follows_window(parse_chain(text), unit)

    assert follows("voi") and follows("median:3") and follows("voi,stretch:1,99")
    assert not follows("stretch:1,99") and not follows("window:100,50")
    assert follows("window:-600,1500HU") and not follows("window:-600,1500HU", "HU")
