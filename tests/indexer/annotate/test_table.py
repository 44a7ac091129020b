"""The table of machine-made annotations: written, read, and refused with a line."""

from pathlib import Path

import pytest

from indexer.annotate.table import (
    Annotated,
    check_target,
    content_of,
    read_table,
    write_table,
)
from models.errors import CannotWrite, UsageError

ROW = Annotated(
    path="ward/1.dcm",
    text='opacity; "small", left',
    annotated_by="lungs 0123456789ab; finder ba9876543210",
    sha256="a" * 64,
    findings={"Mass": 0.83456, "Scar": 0.0},
    measurements={"left_to_right": 0.8},
)
HEAD = "path,text,findings,measurements,annotated_by,sha256\n"


def test_written_and_read_back(tmp_path: Path) -> None:
    table = tmp_path / "machine.csv"
    write_table([ROW], table)
    lines = table.read_text().splitlines()
    assert lines[0] == HEAD.strip()
    assert "Mass=0.8346; Scar=0,left_to_right=0.8" in lines[1]
    (found,) = read_table(table).values()
    assert (found.path, found.text, found.annotated_by, found.sha256) == (
        *("ward/1.dcm", 'opacity; "small", left'),
        *("lungs 0123456789ab; finder ba9876543210", "a" * 64),
    )


def test_a_table_that_a_person_wrote_needs_three_columns(tmp_path: Path) -> None:
    table = tmp_path / "own.csv"
    table.write_bytes(b"\xef\xbb\xbfannotated_by,path,text\r\nme,1.png, scar \r\n")
    assert read_table(table) == {"1.png": Annotated("1.png", "scar", "me")}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no column path"),
        ("path,text\n1.png,scar\n", "has no column annotated_by"),
        (HEAD + "1.png,scar,,,me\n", "line 2: it has not as many fields as the header"),
        (HEAD + "1.png,scar,,,me,,7\n", "line 2: it has not as many fields as the header"),
        (HEAD + ",scar,,,me,\n", "line 2: path is empty"),
        (HEAD + "1.png,scar,,,,\n", "line 2: annotated_by is empty"),
        (HEAD + "1.png,scar,,,me,abc\n", "line 2: sha256 is none"),
        (HEAD + "1.png,scar,,,me,\n1.png,mass,,,me,\n", "line 3: this path has a row already"),
        (HEAD + '1.png,"scar,,,me,\n', "is no CSV table"),
        (HEAD + f"1.png,{'x' * 10_001},,,me,\n", "text is longer than 10000 characters"),
    ],
)
def test_what_breaks_a_rule(content: str, words: str, tmp_path: Path) -> None:
    table = tmp_path / "machine.csv"
    table.write_text(content)
    with pytest.raises(UsageError) as caught:
        read_table(table)
    assert words in str(caught.value)


def test_no_table_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "odd.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_table(tmp_path / "odd.csv")
    with pytest.raises(CannotWrite):
        write_table([ROW], tmp_path / "odd.csv" / "machine.csv")


def test_the_content_of_a_series_has_one_hash_in_any_order() -> None:
    assert content_of(["b" * 64]) == "b" * 64
    assert content_of(["a" * 64, "b" * 64]) == content_of(["b" * 64, "a" * 64])
    assert content_of(["a" * 64, "b" * 64]) not in ("a" * 64, "b" * 64)


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-x", "@a", "'quoted", "plain; =b"])
def test_no_cell_is_a_formula_and_all_come_back(tmp_path: Path, text: str) -> None:
    path = tmp_path / "machine.csv"
    write_table([Annotated(path=f"{text}.png", text=text, annotated_by="m 1")], path)
    cells = path.read_text().splitlines()[1].split(",")
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    (row,) = read_table(path).values()
    assert (row.path, row.text) == (f"{text}.png", text)


def test_only_such_a_table_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    check_target(path)
    path.write_text("path,label,patient_id\na.png,normal,p\n")
    with pytest.raises(UsageError, match="is no table of annotations"):
        check_target(path)
    write_table([], path)
    check_target(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is no table of annotations"):
        check_target(path)
    with pytest.raises(UsageError, match="there is no folder"):
        check_target(tmp_path / "nowhere" / "machine.csv")
