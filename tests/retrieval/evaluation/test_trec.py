"""Our figures are those of trec_eval, which ir_measures runs on the files that we write."""

from pathlib import Path

import ir_measures
import pytest
from ir_measures import AP, Measure, P, R, Success, nDCG

from retrieval.evaluation.run import Asked, evaluate
from retrieval.evaluation.trec import QRELS, RUN, _word


def test_ir_measures_agrees(index: Path, tmp_path: Path) -> None:
    asked = Asked(index, ks=(1, 3, 10), trec=tmp_path / "trec")
    told = evaluate(asked, lambda *_: None).figures
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "trec" / QRELS)))  # type: ignore[no-untyped-call]
    run = list(ir_measures.read_trec_run(str(tmp_path / "trec" / RUN)))  # type: ignore[no-untyped-call]
    theirs: dict[str, Measure] = {"mAP": AP}
    for k in (1, 3, 10):
        theirs |= {
            f"hit_rate@{k}": Success @ k,
            f"precision@{k}": P @ k,
            f"recall@{k}": R @ k,
            f"nDCG@{k}": nDCG @ k,
        }
    found = ir_measures.calc_aggregate(list(theirs.values()), qrels, run)
    ours = dict(zip(told.measures, told.systems[0].means, strict=True))
    for name, measure in theirs.items():
        assert ours[name].micro.value == pytest.approx(found[measure], abs=1e-6), name


def test_names_are_single_words() -> None:
    assert _word("ward 3/näme\n") == "ward%203/n%C3%A4me%0A"
    assert _word("\udcff") == "%FF"
