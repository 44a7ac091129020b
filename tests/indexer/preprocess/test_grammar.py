import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.preprocess import parse_chain
from indexer.preprocess.steps import STEPS
from models.errors import UsageError


def texts(chain: str | list[str]) -> list[str]:
    return [str(step) for step in parse_chain(chain)]


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("median:3,clahe:2.0", ["voi", "median:3px", "clahe:2,8"]),
        ("window:-600,1500", ["window:-600,1500"]),
        ("window:-600,1500HU,gamma:0.8", ["window:-600,1500HU", "gamma:0.8"]),
        ("gaussian:1.5mm, stretch", ["gaussian:1.5mm", "stretch:1,99"]),
        ("stretch:.5,99.5,equalise", ["stretch:0.5,99.5", "equalise:256"]),
        ("voi,lowpass:0.1", ["voi", "lowpass:0.1/px,gaussian,2"]),
        ("lowpass:0.1,gaussian,median:5", ["voi", "lowpass:0.1/px,gaussian,2", "median:5px"]),
        ("lowpass:0.2/mm,butterworth,4", ["voi", "lowpass:0.2/mm,butterworth,4"]),
        ("bandpass:0.05,0.2,Median:3", ["voi", "bandpass:0.05/px,0.2/px,gaussian,2", "median:3px"]),
        ("highlight:dark-vessels,1mm", ["voi", "highlight:dark-vessels,1mm,0.7"]),
        ("", ["voi"]),
    ],
)
def test_a_chain_is_read_in_full(chain: str, expected: list[str]) -> None:
    assert texts(chain) == expected


def test_a_list_and_one_text_mean_the_same() -> None:
    steps = ["window:-600,1500HU", "lowpass:0.1,butterworth,2", "bandpass:0.05,0.2", "median:3"]
    assert texts(steps) == texts(",".join(steps))
    assert len(texts(steps)) == 4


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("medain:3", "there is no step 'medain' ('medain:3'); there are: crop, invert"),
        ("median", "step 'median': size is missing; write median:size"),
        (
            "median:4",
            "step 'median:4': '4' does not fit, size is a number, odd in px, from 0.1 to 255",
        ),
        ("median:3,equalize", "there is no step 'equalize'"),
        ("median:3,gaussian", "nothing takes 'gaussian'; write median:size"),
        ("gaussian:2hu", "'2hu' does not fit, sigma is a number from 0.1 to 100 (px or mm)"),
        ("clahe:2,7.5", "'7.5' does not fit, tiles is a whole number from 1 to 64 (no unit)"),
        ("stretch:99,1", "99 is not below 1; write stretch[:low[,high]]"),
        ("bandpass:0.1,0.2/mm", "0.1/px and 0.2/mm are of two units"),
        (
            "highlight:nerves",
            "structure is one of: vessels, dark-vessels, edges, bright, dark, mask",
        ),
        ("clahe,stretch:1,99", "step 'clahe:2,8' works on grey levels, so it cannot stand before"),
        ("voi,window:40,400", "step 'window:40,400' works on measured values"),
        ("voi:", "nothing takes ''; write voi"),
    ],
)
def test_what_is_wrong_is_named(chain: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_chain(chain)
    assert message in str(error.value)


def test_an_entry_that_is_no_text_is_named() -> None:
    with pytest.raises(UsageError, match="3 is none"):
        parse_chain([3])  # type: ignore[list-item]


_NUMBERS = st.floats(0.5, 200, allow_nan=False).map(lambda value: f"{value!r}")


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["median:3", "mean:5mm", "voi", "equalise", "highlight:edges,3px"]),
            _NUMBERS.map("window:40,{}".format),
            st.floats(0.1, 20).map("gamma:{!r}".format),
            st.floats(1e-4, 0.5).map("lowpass:{!r},butterworth,3".format),
        )
    )
)
def test_the_text_of_a_chain_is_read_as_the_same_chain(chain: list[str]) -> None:
    try:
        steps = parse_chain(chain)
    except UsageError:  # of an order that cannot be
        return
    assert parse_chain([str(step) for step in steps]) == steps
    assert parse_chain(",".join(str(step) for step in steps)) == steps


def test_no_step_is_named_like_an_argument() -> None:
    words = {w for kind in STEPS.values() for parameter in kind.parameters for w in parameter.words}
    assert words & set(STEPS) == {"gaussian"}
    assert STEPS["gaussian"].parameters[0].default is None  # so that a bare one is an argument
