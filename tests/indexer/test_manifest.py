"""Manifests as people and programs write them, good and bad."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.manifest import Manifest, read_manifest
from indexer.row import BadRowError, Row, inside, odd_sex, years
from models.errors import UsageError


def written(folder: Path, text: str | bytes, name: str = "cases.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(folder: Path, text: str | bytes) -> Manifest:
    return read_manifest(written(folder, text))


def said(manifest: Manifest) -> list[tuple[str, str]]:
    return [(reject.path, reject.sentence) for reject in manifest.rejects]


def test_every_column_is_taken(tmp_path: Path) -> None:
    manifest = read(
        tmp_path,
        "path,label,patient_id,study_id,modality,body_part,view,sex,age,findings,mask,split,site\n"
        "a/1.dcm,  viral   pneumonia ,P1,S1,cr,chest,pa,female,039Y,"
        '"Effusion, left.\nNo ""mass"".",masks/1.png,train,Shenzhen\n'
        "./a//2.png,,,,,,,,,,,,\n",
    )
    assert manifest.rows == (
        Row(
            line=2,
            path="a/1.dcm",
            label="viral pneumonia",
            patient_id="P1",
            study_id="S1",
            modality="CR",
            body_part="CHEST",
            view="PA",
            sex="F",
            age=39.0,
            findings='Effusion, left.\nNo "mass".',
            mask="masks/1.png",
            split="train",
            extra={"site": "Shenzhen"},
        ),
        Row(line=4, path="a/2.png", label="", extra={"site": ""}),
    )
    assert manifest.rejects == ()
    assert manifest.remarks == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_forms_of_a_csv(tmp_path: Path, delimiter: str, bom: bytes, end: str) -> None:
    lines = ["Path,Label,Alter", "a.png,肺炎,x", "", "b.png,gesund,y", ""]
    text = end.join(line.replace(",", delimiter) for line in lines)
    manifest = read(tmp_path, bom + text.encode())
    assert [(row.path, row.label, row.extra) for row in manifest.rows] == [
        ("a.png", "肺炎", {"Alter": "x"}),
        ("b.png", "gesund", {"Alter": "y"}),
    ]
    assert [row.line for row in manifest.rows] == [2, 4]


def test_a_bad_row_names_its_line_and_the_others_are_taken(tmp_path: Path) -> None:
    manifest = read(
        tmp_path,
        b"path,label,age,mask\n"
        b"good.png,normal,42,\n"
        b",normal,42,\n"
        b"few.png,normal\n"
        b"many.png,normal,42,,x\n"
        b"old.png,normal,Mustermann,\n"
        b"ancient.png,normal,151,\n"
        b"../secret.png,normal,42,\n"
        b"a/../../secret.png,normal,42,\n"
        b"/etc/passwd,normal,42,\n"
        b"good.png,normal,42,\n"
        b"good.png,ill,42,\n"
        b"latin\xe9.png,normal,42,\n"
        b"mask.png,normal,42,../m.png\n"
        b'quote.png,"normal" ill,42,\n'
        b"padded.png,normal,42,,,\n"
        b"last.png,normal,42,\n",
    )
    assert [row.path for row in manifest.rows] == ["good.png", "padded.png", "last.png"]
    assert [row.label for row in manifest.rows] == ["", "normal", "normal"]
    age = "age is not a number of years from 0 to 150, such as 42, 039Y or 006M"
    out = "path leads out of the archive"
    assert said(manifest) == [
        ("cases.csv:3", "line 3: path is empty"),
        ("cases.csv:4", "line 4: 2 fields, but the header has 4"),
        ("cases.csv:5", "line 5: 5 fields, but the header has 4"),
        ("cases.csv:6", f"line 6: {age}"),
        ("cases.csv:7", f"line 7: {age}"),
        ("cases.csv:8", f"line 8: {out}"),
        ("cases.csv:9", f"line 9: {out}"),
        (
            "cases.csv:10",
            "line 10: path is absolute and not in the archive; make it relative",
        ),
        ("cases.csv:11", "line 11: the same path as in line 2"),
        (
            "cases.csv:12",
            "line 12: line 2 gives the same path another label; neither is used",
        ),
        ("cases.csv:13", "line 13: a field is not UTF-8 text; save the table as UTF-8"),
        ("cases.csv:14", "line 14: mask leads out of the archive"),
        (
            "cases.csv:15",
            "line 15: text follows a closing quotation mark; double the marks inside a field",
        ),
    ]
    assert {reject.code for reject in manifest.rejects} == {"bad_row"}


def test_an_open_quotation_mark_costs_one_row(tmp_path: Path) -> None:
    rows = [f"{n}.png,normal,text" for n in range(9)]
    for place in (0, 4, 8):
        broken = list(rows)
        broken[place] = f'{place}.png,normal,"text'
        manifest = read(tmp_path, "path,label,findings\n" + "\n".join(broken) + "\n")
        assert [row.path for row in manifest.rows] == [f"{n}.png" for n in range(9) if n != place]
        assert said(manifest) == [
            (f"cases.csv:{place + 2}", f"line {place + 2}: a quotation mark is not closed")
        ]


def test_two_open_quotation_marks_cost_two_rows(tmp_path: Path) -> None:
    rows = ["path,label,findings", '1.png,a,"x', "2.png,b,y", '3.png,c,"z', "4.png,d,w", ""]
    manifest = read(tmp_path, "\n".join(rows))
    assert [row.path for row in manifest.rows] == ["2.png", "4.png"]
    assert [reject.path for reject in manifest.rejects] == ["cases.csv:2", "cases.csv:4"]


def test_line_separators_inside_a_field_do_not_end_a_row(tmp_path: Path) -> None:
    manifest = read(tmp_path, "path,findings\na.png,one\u2028two\x0bthree\n")
    assert manifest.rows[0].findings == "one\u2028two\x0bthree"


def test_a_field_that_is_too_long_costs_one_row(tmp_path: Path) -> None:
    long = "x" * (csv.field_size_limit() + 1)
    manifest = read(tmp_path, f"path,findings\na.png,{long}\nb.png,short\n")
    assert [row.path for row in manifest.rows] == ["b.png"]
    assert [reject.path for reject in manifest.rejects] == ["cases.csv:2"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is empty; its first line names the columns"),
        (b"file,label\na.png,x\n", "has no column `path`; its columns are: file, label"),
        (b"path,label,Label\na.png,x,y\n", "has the column `label` twice"),
        ("path,label\n".encode("utf-16"), "is UTF-16; save it as CSV in UTF-8"),
        (b'path,"label\na.png,x\n', "the header is no row of a CSV file"),
        (bytes(range(256)), "has no column `path`|the header is no row"),
    ],
)
def test_what_is_no_manifest(tmp_path: Path, raw: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(tmp_path, raw)


def test_no_manifest_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_manifest(tmp_path / "cases.csv")
    with pytest.raises(UsageError, match="not a Parquet table"):
        read_manifest(written(tmp_path, "path\na.png\n", "cases.parquet"))


def test_parquet_gives_the_same_rows(tmp_path: Path) -> None:
    table = pa.table(
        {
            "path": ["a.png", "b.png", None, "c.png"],
            "label": ["normal", None, "normal", "ill"],
            "age": [42.0, None, 1.0, float("nan")],
            "patient_id": [1.0, 2.0, 3.0, None],
            "split": pa.array(["x", "y", "z", "x"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "cases.parquet")
    manifest = read_manifest(tmp_path / "cases.parquet")
    assert manifest.rows == (
        Row(line=1, path="a.png", label="normal", patient_id="1", age=42.0, split="x"),
        Row(line=2, path="b.png", label="", patient_id="2", split="y"),
        Row(line=4, path="c.png", label="ill", split="x"),
    )
    assert said(manifest) == [("cases.parquet:3", "row 3: path is empty")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", 42.0),
        ("42.5", 42.5),
        ("039Y", 39.0),
        ("006M", 0.5),
        ("6m", 0.5),
        ("052W", 52 * 7 / 365.25),
        ("003D", 3 / 365.25),
        ("0", 0.0),
        ("", None),
        ("nan", None),
        ("N/A", None),
        ("unknown", None),
    ],
)
def test_ages(text: str, expected: float | None) -> None:
    assert years(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["-1", "abc", "4 2", "1e2", "200", "42 years", "inf"])
def test_no_ages(text: str) -> None:
    with pytest.raises(BadRowError, match="age is not"):
        years(text)


def test_sexes(tmp_path: Path) -> None:
    words = ["m", "Male", "F", "female", "W", "other", "D", "女", "unknown", "U", "hen"]
    rows = "".join(f"{n}.png,{word}\n" for n, word in enumerate(words))
    manifest = read(tmp_path, "path,sex\n" + rows)
    assert [row.sex for row in manifest.rows] == [*"MMFFFOOF", "", "", ""]
    assert odd_sex("hen")
    assert manifest.remarks == (
        "cases.csv: sex is not understood in 1 rows and left empty; write M, F or O",
    )


def test_paths_stay_inside(tmp_path: Path) -> None:
    assert inside("a\\b.png", tmp_path, "path") == "a/b.png"
    assert inside(f"{tmp_path}/a/b.png", tmp_path, "path") == "a/b.png"
    assert inside("a/../b.png", tmp_path, "path") == "b.png"
    assert inside("series/", tmp_path, "path") == "series"
    with pytest.raises(BadRowError):
        inside(f"{tmp_path}x/b.png", tmp_path, "path")


def test_columns_that_the_index_has_itself_are_renamed(tmp_path: Path) -> None:
    manifest = read(tmp_path, "path,source,licence,\na.png,NIH,CC,\n")
    assert manifest.rows[0].extra == {"manifest_source": "NIH", "licence": "CC"}


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=8))
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["path", "findings", "note"])
    writer.writerows((f"{n}.png", *row) for n, row in enumerate(rows))
    folder = tmp_path_factory.mktemp("manifest")
    manifest = read(folder, file.getvalue())
    assert [(row.findings, row.extra["note"]) for row in manifest.rows] == [
        (findings.strip(), note.strip()) for findings, note in rows
    ]


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_is_rows_rejects_or_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    folder = tmp_path_factory.mktemp("manifest")
    manifest = read(folder, b"path,label,age\n" + raw)
    for row in manifest.rows:
        assert row.path
        row.path.encode()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "rows", "extra"),
    [
        ("chest_xray", 1357, {"site"}),
        ("kermany", 3245, {"subtype", "licence"}),
        ("multimodality", 2768, {"manifest_source", "licence"}),
        ("chest_ct", 79, set()),
    ],
)
def test_the_measurement_sets(shared: Path, name: str, rows: int, extra: set[str]) -> None:
    manifest = read_manifest(shared / name / "cases.csv")
    assert len(manifest.rows) == rows
    assert manifest.rejects == ()
    assert set(manifest.rows[0].extra) == extra
