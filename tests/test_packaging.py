"""The wheel, the pinned versions and the two commands of the README."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.dependencies import ROOT, declared, installed, project

PACKAGES = ("indexer", "models", "retrieval")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel, built from what is in the checkout."""
    pytest.importorskip("build")
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def pins(name: str) -> dict[str, str]:
    """Package and version of each line of a constraints file."""
    lines = (ROOT / name).read_text().splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    for line in kept:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line), line
    return {str(canonicalize_name(n)): v for n, v in (line.split("==") for line in kept)}


def test_top_level_names(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_every_file_of_the_packages_is_in_it(wheel: zipfile.ZipFile) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--", *PACKAGES], cwd=ROOT, capture_output=True, text=True
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    kept = {name for name in tracked.stdout.split("\0") if name and (ROOT / name).is_file()}
    assert kept - set(wheel.namelist()) == set()


def test_what_is_not_code_is_in_it(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert {
        "models/weights/efficientnet-lite0.onnx",
        "models/weights/efficientnet-lite0.json",
        "models/weights/LICENSES.md",
    } <= names
    assert any(name.startswith("retrieval/report/templates/") for name in names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert sum(info.compress_size for info in wheel.infolist()) < 20_000_000


def test_the_base_needs_no_torch(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    needs = re.findall(r"^Requires-Dist: (.+)$", wheel.read(name).decode(), re.MULTILINE)
    base = {Requirement(line).name for line in needs if Requirement(line).marker is None}
    assert {"numpy", "pydicom", "faiss-cpu", "openvino"} <= base
    assert base.isdisjoint({"torch", "torchvision", "onnxruntime"})


@pytest.mark.parametrize(
    "extra", ["", "serve", "dev", pytest.param("train", marks=pytest.mark.train)]
)
def test_all_that_make_installs_is_pinned(extra: str) -> None:
    try:
        packages = installed(declared(extra))
    except PackageNotFoundError as missing:
        pytest.skip(f"{missing} is not installed")
    assert set(packages) - set(pins("constraints.txt")) == set()


def test_pins_are_within_the_ranges() -> None:
    extras = project()["optional-dependencies"]
    pinned = pins("constraints.txt")
    for requirement in [
        *declared(),
        *(r for extra in ("serve", "train", "dev") for r in declared(extra)),
    ]:
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])
    assert set(extras) == {"train", "serve", "gpu", "dev"}


def test_oldest_versions_are_the_lower_bounds() -> None:
    oldest = pins("constraints-oldest.txt")
    for requirement in declared():
        (bound,) = (s.version for s in requirement.specifier if s.operator == ">=")
        found = oldest.pop(canonicalize_name(requirement.name))
        assert re.fullmatch(rf"{re.escape(bound)}(\.\d+)*", found), requirement
    assert oldest == {}


@pytest.mark.slow
def test_make_demo(tmp_path: Path) -> None:
    make = shutil.which("make")
    program = Path(sys.prefix) / "bin" / "cbir"
    if make is None or not program.exists():
        pytest.skip("needs make, and the package installed")
    stamp = ".venv/base.done"  # as if everything were installed
    command = [make, "-o", stamp, "demo", f"DEMO={tmp_path}/demo", f"BIN={program.parent}"]
    for _ in range(2):  # the second time there is an index already
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "tuberculosis" in done.stdout
        assert f"{tmp_path}/demo/answer.html" in done.stdout.splitlines()[-1]
        assert (tmp_path / "demo" / "answer.html").stat().st_size > 10_000


def test_nothing_reports_home(tmp_path: Path) -> None:
    """`import openvino` alone sends a usage event and leaves an identifier in ~/intel."""
    code = (
        "import sys; from models.runtime.network import openvino; openvino().Core(); "
        "print([m for m in sys.modules if m.startswith('openvino_telemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
    assert list(tmp_path.iterdir()) == []
