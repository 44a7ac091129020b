"""`cbir augment`: a larger archive, or a sentence."""

import shutil
from pathlib import Path

import pytest

from tests.indexer.augment.archives import rows_of, smooth
from tests.retrieval.cli.conftest import Disk
from tests.retrieval.cli.running import Run, contents, in_process
from tests.retrieval.films import two_films


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    for number in range(6):
        smooth(folder / ("ill" if number < 4 else "well") / f"{number}.png", number)
    return folder


def test_it_says_what_it_made(run: Run, archive: Path) -> None:
    ran = run("augment", archive, "--out", "large", "--times", 2, "--ways", "geometry, mix")
    assert (ran.code, ran.out) == (0, "")
    told = ran.err.replace("\r", "\n").splitlines()
    assert "made 12 films of 6 (geometry 6, mix 6), left out 0, rejected 0" in told
    assert told[-1] == "large: 18 films, 2 groups of patients (ill 12, well 6)"
    assert len(rows_of(Path("large"))) == 18
    again = run("augment", archive, "--out", "large", "--times", 2, "--ways", "geometry, mix")
    assert again.err.splitlines()[-1] == (
        "large: 18 films (nothing changed), 2 groups of patients (ill 12, well 6)"
    )


def test_json_and_quiet(run: Run, archive: Path) -> None:
    asked = ("augment", archive, "--out", "large", "--times", 1, "--balance", "-q")
    assert run(*asked, "--ways", "grey", "--dry-run").err == ""
    assert contents(Path()) == {}
    told = run(*asked, "--ways", "grey", "--format", "json").json
    assert (told["schema"], told["out"], told["unchanged"]) == (1, "large", False)
    assert told["labels"] == {"ill": 8, "well": 8}
    assert told["made"] == {"grey": 10}
    assert run(*asked, "--ways", "grey", "--format", "json").json == {**told, "unchanged": True}


def test_a_healthy_class_can_be_named(run: Run, archive: Path) -> None:
    ran = run(
        "augment",
        archive,
        "--out",
        "large",
        "--segment",
        "otsu",
        "--ways",
        "lesion",
        "--healthy",
        "ILL",
        "--healthy",
        "well",
        "-q",
    )
    assert ran.code == 3
    assert "no film can be made of" in ran.sentence
    assert "films that cannot be made by lesion: 6 (a healthy class" in ran.sentence
    assert contents(Path()) == {}


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--ways", "flip"), 2, "there is no way 'flip' to make films; there are: geometry"),
        (("--times", "0"), 2, "0 times: it is a whole number from 1 to 30"),
        (("--times", "99"), 2, "99 times"),
        (("--segment", "kidneys"), 2, "there is no segmenter 'kidneys'"),
        (("--label-from", "manifest"), 2, "holds no cases.csv"),
        (("--out", "/proc/large"), 7, "cannot be written"),
    ],
)
def test_what_does_not_fit_is_a_sentence(
    run: Run, archive: Path, options: tuple[str, str], code: int, words: str
) -> None:
    ran = run("augment", archive, "--out", "large", *options, "-q")
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.sentence
    assert contents(Path()) == {}


def test_it_does_not_write_into_the_archive(run: Run, archive: Path) -> None:
    before = contents(archive)
    ran = run("augment", archive, "--out", archive / "large", "-q")
    assert ran.code == 2
    assert "lie in each other; the enlarged archive needs a folder of its own" in ran.sentence
    assert contents(archive) == before


def test_no_header_value_is_told(examples: Path, tmp_path: Path) -> None:
    """Neither in the summary nor in what is left beside the table."""
    archive = two_films(examples, tmp_path / "archive")
    shutil.copy(examples / "queries" / "Montgomery_0006.dcm", archive / "normal" / "film.dcm")
    ran = in_process("augment", archive, "--out", tmp_path / "large", "--format", "json", "-v")
    assert ran.code == 0, ran.err
    told = ran.out + ran.err + (tmp_path / "large" / "augment.json").read_text()
    assert "Montgomery-0006" not in told
    assert any(row["patient_id"] for row in rows_of(tmp_path / "large"))


def test_a_full_disk_leaves_no_archive(run: Run, archive: Path, disk: Disk) -> None:
    small = disk("60k")
    ran = run("augment", archive, "--out", small / "large", "-q", "--times", 9)
    assert ran.code == 7
    assert "cannot be written" in ran.sentence
    assert not (small / "large").exists()


def test_it_needs_no_torch(archive: Path, tmp_path: Path) -> None:
    """The base installation runs it: neither here nor in the workers is torch imported."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from indexer.augment.enlarge import enlarge; "
        f"enlarge(Path({str(archive)!r}), Path({str(tmp_path / 'large')!r})); "
        "from indexer.augment import worker; "
        "assert 'torch' not in sys.modules and 'torchvision' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
