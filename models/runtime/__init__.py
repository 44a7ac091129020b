"""Networks as files: an ONNX file with a spec beside it, found, checked, and run without torch.

A spec is JSON; its `kind` says what the network gives, and which class below holds it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What one must know to run an ONNX file; stored as JSON beside it.

    The network takes `(x - mean) / std` of values x in 0..255, `size` pixels high and wide: RGB
    with three numbers in `mean`, grey with one. `trained_on`: a text file beside the spec that
    lists the SHA-256 of the files it was trained on, one a line; empty where they are not known.
    `modalities` and `body_parts`: of those films, in DICOM's names; empty where that is not known.
    """

    kind: str = ""
    name: str
    file: str
    sha256: str
    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    licence: str
    source: str
    layout: str = "NCHW"
    note: str = ""
    trained_on: str = ""
    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """3 for RGB, 1 for grey."""
        return len(self.mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec(ModelSpec):
    """An encoder: `dim` numbers a picture, from the first output.

    `members`: of a committee (see `models.networks.committee`), whose outputs have an axis for
    them; 1 for any other network, which has no such axis. Then the list `trained_on` names after a
    file's SHA-256 the member, from 0 on, that did not learn from it.
    """

    kind: str = "encoder"
    dim: int
    members: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierSpec(EncoderSpec):
    """A classifier: logits of `classes` from its second output, divided by `temperature`.

    Its first output is an embedding, so it is an encoder too.
    """

    kind: str = "classifier"
    classes: tuple[str, ...]
    temperature: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmenterSpec(ModelSpec):
    """A segmenter: logits of each of `regions`, (regions, size, size), from its first output."""

    kind: str = "segmenter"
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatorSpec(ModelSpec):
    """Findings and masks together.

    Logits of `findings` from its first output; a finding is said where its probability reaches the
    one of `thresholds` in its place. Logits of each of `regions`, (regions, size, size), from its
    second output, which is not there where it has no regions.
    """

    kind: str = "annotator"
    findings: tuple[str, ...]
    thresholds: tuple[float, ...]
    regions: tuple[str, ...] = ()
