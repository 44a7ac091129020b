"""The steps that there are: one line each. A new one is a function and a line here.

`docs/preprocessing.md` explains them to a person; a test holds the two together.
"""

from collections.abc import Mapping
from types import MappingProxyType

from indexer.preprocess.grammar import SHAPES, Argument, Parameter, Quantity, StepKind

_SIZE = Parameter("size", units=("px", "mm"), low=0.1, high=255, grain="odd")
_CUTOFF = ("/px", "/mm")
_SHAPE = Parameter("shape", "gaussian", words=SHAPES)
_ORDER = Parameter("order", "2", low=1, high=20, grain="whole")
_EDGES = ("top", "bottom", "left", "right")
_STRUCTURES = ("vessels", "dark-vessels", "edges", "bright", "dark", "mask")


def _frequency(name: str) -> Parameter:
    return Parameter(name, units=_CUTOFF, low=0.0001, high=50)


def _ascending(arguments: tuple[Argument, ...]) -> str:
    low, high = arguments[:2]
    if isinstance(low, Quantity) and isinstance(high, Quantity):
        if low.unit != high.unit:
            return f"{low} and {high} are of two units"
        if low.value >= high.value:
            return f"{low} is not below {high}"
    return ""


STEPS: Mapping[str, StepKind] = MappingProxyType(
    {
        "crop": StepKind(
            "indexer.preprocess.mend:crop",
            "cuts rows and columns off",
            tuple(
                Parameter(e, "0", units=("px",), low=0, high=65535, grain="whole") for e in _EDGES
            ),
            reshapes=True,
        ),
        "invert": StepKind("indexer.preprocess.mend:invert", "dark for bright"),
        "rewindow": StepKind(
            "indexer.preprocess.mend:rewindow",
            "another window for the file's own, by percentiles",
            (Parameter("low", "0.5", low=0, high=100), Parameter("high", "99.5", low=0, high=100)),
            check=_ascending,
        ),
        "mean": StepKind("indexer.preprocess.smooth:mean", "mean of the neighbourhood", (_SIZE,)),
        "median": StepKind(
            "indexer.preprocess.smooth:median", "median of the neighbourhood", (_SIZE,)
        ),
        "gaussian": StepKind(
            "indexer.preprocess.smooth:gaussian",
            "Gaussian smoothing",
            (Parameter("sigma", units=("px", "mm"), low=0.1, high=100),),
        ),
        "voi": StepKind(
            "indexer.preprocess.contrast:voi", "the window that the file asks for", windowing=True
        ),
        "window": StepKind(
            "indexer.preprocess.contrast:window",
            "a fixed window",
            (
                Parameter("centre", units=("", "HU")),
                Parameter("width", units=("", "HU"), low=1e-6, high=1e9),
            ),
            windowing=True,
        ),
        "stretch": StepKind(
            "indexer.preprocess.contrast:stretch",
            "from one percentile of the scan's values to another",
            (Parameter("low", "1", low=0, high=100), Parameter("high", "99", low=0, high=100)),
            windowing=True,
            check=_ascending,
        ),
        "gamma": StepKind(
            "indexer.preprocess.contrast:gamma",
            "grey levels to a power",
            (Parameter("exponent", low=0.05, high=20),),
            needs_display=True,
        ),
        "equalise": StepKind(
            "indexer.preprocess.equalise:equalise",
            "histogram equalisation of the whole scan",
            (Parameter("bins", "256", low=2, high=65536, grain="whole"),),
            needs_display=True,
        ),
        "clahe": StepKind(
            "indexer.preprocess.equalise:clahe",
            "histogram equalisation by tiles, with a limit of contrast",
            (
                Parameter("limit", "2", low=0.01, high=256),
                Parameter("tiles", "8", low=1, high=64, grain="whole"),
            ),
            needs_display=True,
        ),
        "lowpass": StepKind(
            "indexer.preprocess.frequency:lowpass",
            "keeps what is coarser than the cut-off",
            (_frequency("cutoff"), _SHAPE, _ORDER),
        ),
        "highpass": StepKind(
            "indexer.preprocess.frequency:highpass",
            "keeps what is finer than the cut-off, about mid-grey",
            (_frequency("cutoff"), _SHAPE, _ORDER),
            needs_display=True,
        ),
        "bandpass": StepKind(
            "indexer.preprocess.frequency:bandpass",
            "keeps what lies between two cut-offs, about mid-grey",
            (_frequency("low"), _frequency("high"), _SHAPE, _ORDER),
            needs_display=True,
            check=_ascending,
        ),
        "highlight": StepKind(
            "indexer.preprocess.highlight:highlight",
            "makes a kind of structure stand out",
            (
                Parameter("structure", words=_STRUCTURES),
                Parameter("scale", "2", units=("px", "mm"), low=0.1, high=100),
                Parameter("strength", "0.7", low=0, high=1),
            ),
            needs_display=True,
            takes_mask=True,
        ),
    }
)
