"""Makes `examples/`: a small archive of real chest films and queries that are not in it.

    python -m benchmarks.make_examples --data FOLDER --out examples

FOLDER holds the films that were collected from the public sets, with their `cases.csv`. The same
folder gives the same films. `examples/SOURCES.md` says where they come from; it is written by hand.
"""

import argparse
import csv
import hashlib
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2

from benchmarks.example_dicom import FORMS, SIDE, Film, write_dicom

COLUMNS = (
    "path",
    "label",
    "patient_id",
    "study_id",
    "modality",
    "body_part",
    "view",
    "sex",
    "age",
    "findings",
    "mask",
    "split",
    "site",
)

FILMS = {
    ("archive", "tuberculosis", "Shenzhen"): 20,
    ("archive", "tuberculosis", "Montgomery"): 10,
    ("archive", "normal", "Shenzhen"): 10,
    ("archive", "normal", "Montgomery"): 5,
    ("archive", "normal", "NIH"): 15,
    ("archive", "pneumonia", "NIH"): 30,
    ("query", "tuberculosis", "Shenzhen"): 3,
    ("query", "tuberculosis", "Montgomery"): 1,
    ("query", "normal", "Shenzhen"): 1,
    ("query", "normal", "Montgomery"): 1,
    ("query", "normal", "NIH"): 2,
    ("query", "pneumonia", "NIH"): 4,
}
"""How many films of which split, label and site. Tuberculosis comes from two sites, pneumonia from
a third, normal from all: an engine that only tells the sites apart fails on the normal ones."""

MASKED = "Montgomery"
"""The site whose lung masks are the NLM's own; only the archive's films bring theirs."""

FOLDERS = {"archive": "archive", "query": "queries"}

EVERY = {"archive": 8, "query": 3}
"""One film in so many is written as DICOM instead of JPEG."""

PER_PATIENT = 2
"""At most: some patients have an earlier film, so that there is a prior to be found."""

ADULT_YEARS = 18

PASSED_OVER = frozenset(
    {
        "NIH_00001385_000",  # underexposed
        "NIH_00001483_021",  # a white lung, labelled normal
        "NIH_00001951_017",  # lungs not air-filled, labelled normal
        "NIH_00002070_003",  # underexposed
        "NIH_00002366_001",  # underexposed
        "NIH_00003510_003",  # underexposed
        "Montgomery_MCUCXR_0251_1",  # an apical view
    }
)
"""Films that were looked at and are no good example."""


def film(row: dict[str, str], data: Path) -> Film:
    """The film of a row. Names drop the suffix in which two of the sets hide the label."""
    stem = Path(row["path"]).stem
    site = row["site"]
    number = stem.split("_")[1] if site == "NIH" else stem.split("_")[2]
    name = stem if site == "NIH" else f"{site}_{number}"
    return Film(
        source=data / row["path"],
        name=name,
        label=row["label"],
        patient_id=f"{site}-{number}",
        study_id=name.replace("_", "-"),
        view=row["view"],
        sex=row["sex"],
        age=row["age"].removesuffix(".0"),
        # A query brings no words: the findings of the NIH films were mined with their label.
        findings=row["findings"] if row["split"] == "archive" else "",
        split=row["split"],
        site=site,
        mask=data / row["mask"] if site == MASKED and row["split"] == "archive" else None,
    )


def presentable(row: dict[str, str]) -> bool:
    """Whether the film is of an adult (as far as is known) and was not passed over."""
    return Path(row["path"]).stem not in PASSED_OVER and float(row["age"] or 99) >= ADULT_YEARS


def choose(rows: Iterable[dict[str, str]], data: Path) -> Iterator[Film]:
    """The films of `FILMS`, in an order that depends on nothing but their names."""
    left = dict(FILMS)
    taken: Counter[str] = Counter()
    label_of: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: hashlib.sha256(row["path"].encode()).digest()):
        stratum = (row["split"], row["label"], row["site"])
        patient = row["patient_id"]
        if not left.get(stratum) or not presentable(row):
            continue
        if (
            taken[patient] == PER_PATIENT
            or label_of.setdefault(patient, row["label"]) != row["label"]
        ):
            continue
        taken[patient] += 1
        left[stratum] -= 1
        yield film(row, data)


def write(films: Sequence[Film], folder: Path, every: int, first_form: int) -> None:
    """Write pictures and `cases.csv` of one split; every so many films one is DICOM."""
    shutil.rmtree(folder, ignore_errors=True)
    lines = []
    for place, one in enumerate(films):
        target = folder / one.label / one.name if one.split == "archive" else folder / one.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if place % every == 0:
            target = target.with_suffix(".dcm")
            write_dicom(one, FORMS[first_form + place // every], target)
        else:
            target = target.with_suffix(".jpg")
            shutil.copyfile(one.source, target)
        lines.append(
            {
                "path": target.relative_to(folder).as_posix(),
                "modality": "CR",
                "body_part": "CHEST",
                **{c: getattr(one, c) for c in COLUMNS if hasattr(one, c)},
                "mask": write_mask(one, target, folder),
            }
        )
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def write_mask(one: Film, film_file: Path, folder: Path) -> str:
    """Write the mask of a film, in the film's size; its path in the archive, "" without one."""
    if one.mask is None:
        return ""
    mask = cv2.imread(str(one.mask), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise ValueError(f"{one.mask} cannot be read")
    if film_file.suffix == ".dcm":
        mask = cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    target = folder / "masks" / f"{one.name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), mask, [cv2.IMWRITE_PNG_BILEVEL, 1])
    return target.relative_to(folder).as_posix()


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and make the examples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the collected films")
    parser.add_argument("--out", type=Path, required=True, help="the examples folder")
    options = parser.parse_args(arguments)
    with (options.data / "cases.csv").open(newline="", encoding="utf-8") as file:
        films = list(choose(csv.DictReader(file), options.data))
    first_form = 0
    for split, folder in FOLDERS.items():
        chosen = sorted((f for f in films if f.split == split), key=lambda f: (f.label, f.name))
        write(chosen, options.out / folder, EVERY[split], first_form)
        first_form += -(-len(chosen) // EVERY[split])
        print(f"{options.out / folder}: {len(chosen)} films")


if __name__ == "__main__":
    main()
