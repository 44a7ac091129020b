"""What a query gives back."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """A box in a picture: left, top, width and height in pixels of the scan as its file holds it.

    `shown`: the box of what the preview shows, in the same pixels. `slices`: of a query in a
    volume, its first slice from 0 and how many; `mask`: of a query by a mask, its file.
    """

    box: tuple[int, int, int, int]
    shown: tuple[int, int, int, int]
    slices: tuple[int, int] | None = None
    mask: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One case that was found, at its best instance.

    `contributions`: what each descriptor gave; their sum is `score` (at most 1: the same picture).
    `path`: the best instance's file, relative to the archive. `instance`: its row in the index.
    `slice_index`: its place in a volume, or None. `annotated_by`: the models that wrote `findings`;
    empty where a person did. `region`: where it is like the region that was asked about.
    """

    rank: int
    case_id: str
    patient_id: str
    label: str
    score: float
    contributions: dict[str, float]
    path: str
    instance: int
    modality: str = ""
    body_part: str = ""
    view: str = ""
    sex: str = ""
    age: float | None = None
    findings: str = ""
    annotated_by: str = ""
    slice_index: int | None = None
    instances: int = 1
    region: Place | None = None


@dataclass(frozen=True, slots=True)
class Precedent:
    """What became of the archive's own cases that got such an answer when they were left out.

    `cases`: how many got it; `right`: of how many it was true. `label`: what was suggested to them;
    empty where that label was suggested too rarely, and those of all labels were counted.
    """

    label: str
    cases: int
    right: int


@dataclass(frozen=True, slots=True)
class Unlikeness:
    """How far a scan is from the archive's kind; above `threshold`, 1 in 100 of its own are."""

    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the neighbours and the scan itself suggest.

    `probabilities` sum to 1 over the archive's labels. `set`: the labels that cannot be ruled out;
    it holds the true one as often as `coverage` says, for each label, and where that is None makes
    no promise. `atypical`: no label would be in it, so it has but the suggested one. `neighbours`:
    how many cases voted. `judged`: cases that the answers of this archive were checked on, with an
    expected calibration error of `calibration_error`. `note`: what the archive was too small for.
    `code`: of the rule that withheld a label (`retrieval.diagnosis.RULES`), for a program.
    `forced`: the probabilities before any rule withheld them; to measure by, and shown nowhere.
    """

    label: str | None
    probabilities: dict[str, float]
    set: tuple[str, ...] = ()
    abstained: bool = False
    reason: str | None = None
    code: str = ""
    neighbours: int = 0
    coverage: float | None = None
    atypical: bool = False
    precedent: Precedent | None = None
    unlikeness: Unlikeness | None = None
    judged: int = 0
    calibration_error: float | None = None
    note: str = ""
    forced: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueryFacts:
    """What was asked: the scan (or None), the words, and what was noticed about the scan.

    `like`, `unlike`: ids of marked cases. `refine`, `spread`: see `retrieval.search.Query`.
    `region`: the part of the scan that was asked about.
    """

    path: str | None = None
    text: str = ""
    patient_id: str = ""
    modality: str = ""
    body_part: str = ""
    quality: tuple[str, ...] = ()
    segmentation: str = "none"
    preview: bytes = b""  # JPEG
    weights: dict[str, float] = field(default_factory=dict)
    where: str = ""
    aggregate: str = "late"
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    refine: str = ""
    spread: bool = False
    region: Place | None = None


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """Which index answered, and what it was built with."""

    path: str
    generation: int
    cases: int
    instances: int
    encoder: str
    software: str
    created: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The nearest cases, the same patient's own (priors) apart, and what they suggest.

    `against`: the nearest case with another label than the suggested one, or, where labels could
    not be told apart, than the nearest labelled case; of rank 0 if it is not among the hits.
    """

    index: IndexFacts
    query: QueryFacts
    hits: tuple[Hit, ...]
    priors: tuple[Hit, ...]
    diagnosis: Diagnosis
    against: Hit | None = None
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def cases(self) -> tuple[Hit, ...]:
        """Every case that a person is shown."""
        beyond = (self.against,) if self.against and not self.against.rank else ()
        return (*self.hits, *beyond, *self.priors)
