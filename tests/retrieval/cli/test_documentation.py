"""The documentation and the command line say the same, and every example in them runs."""

import io
import json
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from models.runtime.registry import SHIPPED
from retrieval.cli import cbir
from tests.conftest import ROOT
from tests.retrieval.cli.running import Ran, Run

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS_PAGE = ROOT / "docs" / "commands.md"


def commands() -> dict[str, click.Command]:
    """Every command that does something, by its words: "query", "models list"."""
    found: dict[str, click.Command] = {}
    context = click.Context(cbir)
    for name in cbir.list_commands(context):
        command = cbir.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": each for inner, each in command.commands.items()}
        else:
            found[name] = command
    return found


def flags(command: click.Command) -> set[str]:
    options = [option for option in command.params if isinstance(option, click.Option)]
    return {text for option in options for text in (*option.opts, *option.secondary_opts)}


def section(name: str) -> str:
    """What docs/commands.md says of a command."""
    text = COMMANDS_PAGE.read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n## `cbir {name}`\n")
    return rest.partition("\n## ")[0]


def lines_of(page: Path) -> Iterator[str]:
    """The command lines in the code of a page, without prompt and with what is continued."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for match in re.finditer(r"^(?: {4}|)(?:\$ )?(cbir [a-zA-Z-][^\n]*)$", text, re.MULTILINE):
        if match.group(0).startswith((" ", "$")) or _is_fenced(text, match.start()):
            yield match.group(1).strip()


def _is_fenced(text: str, at: int) -> bool:
    return text.count("\n```", 0, at) % 2 == 1


EVERY_LINE = [(page.name, line) for page in PAGES for line in lines_of(page)]


def test_every_command_has_a_section_and_an_example() -> None:
    assert set(commands()) == {
        *("index", "query", "check", "info", "verify", "preprocess", "segment"),
        *("remove", "gc", "migrate", "watch", "serve", "audit verify"),
        *(f"users {what}" for what in ("add", "list", "remove", "password", "role", "token")),
        *("augment", "models list", "models add", "models compress"),
        *("annotate", "evaluate", "train classifier", "train segmenter", "train annotator"),
        "train encoder",
    }
    for name, command in commands().items():
        assert f"{command.epilog} ".startswith(f"Example: cbir {name} "), name
        told = section(name)
        assert f"    cbir {name}" in told, name
        assert f"    $ cbir {name}" in told, name
        assert re.search(r"^Exit codes: 0, ", told, re.MULTILINE), name


@pytest.mark.parametrize("name", commands())
def test_every_option_is_described_and_none_that_is_not_there(name: str) -> None:
    rows = [row for row in section(name).splitlines() if row.startswith("| `")]
    told = set(
        re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(row.split("|")[1] for row in rows))
    )
    assert told == flags(commands()[name])


@pytest.mark.parametrize("name", commands())
def test_every_option_has_a_help(name: str) -> None:
    for option in commands()[name].params:
        if isinstance(option, click.Option):
            assert option.help, option.name


def test_pages_that_are_named_exist() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    texts += [command.get_help(click.Context(command)) for command in commands().values()]
    named = {name for text in texts for name in re.findall(r"docs/[a-z_-]+\.md", text)}
    named |= {
        f"docs/{name}"
        for page in PAGES[1:]
        for name in re.findall(r"\]\(([a-z_-]+\.md)", page.read_text(encoding="utf-8"))
    }
    assert len(named) >= 4
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize(("page", "line"), EVERY_LINE)
def test_every_command_line_on_a_page_is_one(page: str, line: str) -> None:
    words = shlex.split(re.sub(r"\[[^\]]*\]", "", line), comments=True)[1:]  # without [options]
    name = words[0] if words[0] in commands() else " ".join(words[:2])
    commands()[name].make_context(name, words[len(name.split()) :])


def test_there_are_command_lines_on_the_pages() -> None:
    counts = {page.name: [name for name, _ in EVERY_LINE].count(page.name) for page in PAGES}
    assert counts["README.md"] >= 8
    assert counts["commands.md"] >= 16
    assert counts["filters.md"] >= 3


def examples_in_order() -> list[tuple[str, str]]:
    """Each example, with the first line that it is said to print: those of docs, then of help."""
    found = []
    text = COMMANDS_PAGE.read_text(encoding="utf-8")
    for match in re.finditer(r"^    \$ (cbir [^\n]*)\n    ([^\n]*)$", text, re.MULTILINE):
        found.append((match.group(1), match.group(2)))
    for name, command in commands().items():
        said = (command.epilog or "").removeprefix("Example: ")
        if name != "models add":  # what was added is there already
            found.append((said, ""))
    return found


@pytest.mark.slow
def test_every_example_runs_and_prints_what_it_is_said_to(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CBIR_MODELS", str(tmp_path / "my-models"))
    Path("examples").symlink_to(ROOT / "examples")
    told = json.loads((SHIPPED / "mobilenetv2.json").read_text())
    Path("my.onnx").write_bytes((SHIPPED / told.pop("file")).read_bytes())
    Path("my.json").write_text(json.dumps({**told, "name": "mine"}))
    monkeypatch.setattr("sys.stdin", io.StringIO("a long enough word\n" * 9))
    for line, first in examples_in_order():
        if line.startswith(("cbir train", "cbir models compress")) and find_spec("torch") is None:
            continue
        ran = run(*shlex.split(line)[1:])
        assert ran.code == 0, (line, ran.err)
        if first:
            assert _numberless(first) in map(_numberless, _printed(ran)), (line, ran)


def _printed(ran: Ran) -> list[str]:
    return ran.out.splitlines() or ran.err.splitlines()


def _numberless(line: str) -> str:
    line = re.sub(r"\bcbir_[0-9a-f]{12}_[\w-]{43}$", "a token", line)
    return re.sub(r"\d+", "0", line)
