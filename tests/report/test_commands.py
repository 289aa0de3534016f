"""`goldwire eval report` and `gate` as commands: forms, exit codes, and corpora with little in them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora.errors import GoldwireError
from goldwire.corpora.store import Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.scoring.files import read_record, write_record
from goldwire.eval.scoring.score import Options, score_corpus


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error or the message of the error."""
    result = CliRunner().invoke(app, ["eval", *map(str, arguments)])
    if isinstance(result.exception, GoldwireError):  # the front door makes this exit 2
        return 2, result.stdout, str(result.exception)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def record(scored: Path) -> Path:
    return scored / "records" / "default.json"


def test_without_a_form_the_report_is_printed(record):
    code, out, _ = run("report", record)
    assert code == 0
    assert "mazar-2021: 3 systems against gold" in out
    assert "entity (span + type): entity:span+type@exact\n" in out
    assert out.count("|avg:micro|beta:1|") == 1  # what all measures share is said once


def test_every_form_is_written_at_once(record, tmp_path):
    code, out, _ = run(
        "report", record, "--html", tmp_path / "deep" / "r.html", "--markdown", tmp_path / "r.md",
        "--latex", tmp_path / "r.tex", "--csv", tmp_path / "csv", "--parquet", tmp_path / "parquet",
    )  # fmt: skip
    assert (code, out) == (0, "")
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"deep/r.html", "r.md", "r.tex", "csv/scores.csv", "parquet/confusion.parquet"} <= files


def test_json_is_the_report_and_nothing_else(record):
    code, out, _ = run("report", record, "--json")
    assert code == 0
    report = json.loads(out)
    assert [b["measure"] for b in report["boards"]] == list(read_record(record).measures)
    assert len(report["matrices"]) == 9


def test_a_record_away_from_its_corpus_is_shown_without_texts(record, tmp_path):
    shutil.copy(record, tmp_path / "r.json")
    code, _, said = run("report", tmp_path / "r.json", "--html", tmp_path / "r.html")
    assert code == 0
    assert "--corpus" in said
    page = (tmp_path / "r.html").read_text()
    assert 'id="ranking"' in page
    assert 'id="documents"' not in page
    assert run("report", tmp_path / "r.json", "--corpus", record.parent.parent, "--json")[0] == 0


def test_two_records_of_one_gold_stand_together(corpus):
    one = score_corpus(corpus, "gold", ["lexicon"], ["entity", "TC"])
    two = score_corpus(corpus, "gold", ["noisy"], ["entity", "TC"])
    paths = [write_record(r, corpus.path / "records" / f"{k}.json") for k, r in enumerate((one, two))]
    code, out, _ = run("report", *paths, "--json")
    assert code == 0
    assert json.loads(out)["overview"]["systems"] == ["lexicon", "noisy"]


def test_a_streamed_record_is_shown_without_what_needs_documents(record, corpus, tmp_path):
    options = Options(stream=True)
    streamed = score_corpus(corpus, "gold", ["lexicon", "noisy"], ["entity", "TC"], options=options)
    path = write_record(streamed, corpus.path / "records" / "s.json")
    code, out, said = run("report", path, "--html", tmp_path / "s.html", "--json")
    assert code == 0, said
    shown = json.loads(out)
    [lexicon] = [s for s in shown["boards"][0]["standings"] if s["system"] == "lexicon"]
    assert lexicon["f"]["value"] == read_record(record).result("lexicon", "entity:span+type@exact").value
    assert shown["overview"]["documents"] == 18
    assert "pairs" not in shown["boards"][0]
    assert "--stream" in said
    assert run("report", path, record)[0] == 2


def test_records_of_different_gold_are_refused(record, corpus):
    gold = list(corpus.layer("gold").values())
    corpus.write_layer("gold", gold[1:])
    other = write_record(
        score_corpus(corpus, "gold", ["lexicon"], ["entity"]), corpus.path / "records" / "o.json"
    )
    code, _, said = run("report", record, other)
    assert code == 2
    assert "gold" in said


def test_a_file_that_is_no_record_is_refused_in_a_line(tmp_path):
    (tmp_path / "r.json").write_text("{}")
    code, _, said = run("report", tmp_path / "r.json")
    assert code == 2
    assert "r.json" in said
    assert run("report", tmp_path / "none.json")[0] == 2


def test_the_gate_speaks_json(record, tmp_path):
    base = tmp_path / "b.json"
    assert run("gate", record, "--baseline", base, "--update")[0] == 0
    code, out, _ = run("gate", record, "--baseline", base, "--json")
    assert code == 0
    judgement = json.loads(out)
    assert judgement["verdict"] == "pass"
    assert len(judgement["checks"]) == 9


def test_an_update_prints_the_difference_and_is_kept_whole(record, build, scored, tmp_path):
    base = tmp_path / "b.json"
    run("gate", record, "--baseline", base, "--update")
    before = base.read_bytes()
    code, out, _ = run("gate", build(scored, 0.9), "--baseline", base, "--update")
    assert code == 0
    changed = [line for line in out.splitlines() if line.startswith("noisy TC: ")]
    assert len(changed) == 1
    assert " -> " in changed[0]
    assert "lexicon TC" in out
    assert base.read_bytes() != before


def test_a_baseline_made_without_the_corpus_says_that_examples_will_be_missing(record, tmp_path):
    shutil.copy(record, tmp_path / "r.json")
    code, _, said = run("gate", tmp_path / "r.json", "--baseline", tmp_path / "b.json", "--update")
    assert code == 0
    assert "without examples" in said
    assert run("gate", tmp_path / "r.json", "--baseline", tmp_path / "b.json")[0] == 0


# ---------------------------------------------------------------- little to show
def page_of(folder: Path, annotate: dict[str, dict[str, tuple[str, ...]]]) -> str:
    """The page for documents d1, d2 with mentions of these types, by layer and document."""
    documents = [make_document(id, "Alpha beta gamma. Delta epsilon.") for id in ("d1", "d2")]
    corpus = create_corpus(folder / "c", Manifest(name="small"), documents)
    for layer, by_document in annotate.items():
        items = [
            Annotations(
                document=d.id,
                sha256=d.sha256,
                mentions=tuple(
                    Mention(id=f"m{k}", type=type, spans=(Span(6 * k, 6 * k + 4),))
                    for k, type in enumerate(by_document.get(d.id, ()))
                ),
            )
            for d in documents
        ]
        corpus.write_layer(layer, items)
    systems = [name.removeprefix("system/") for name in annotate if name.startswith("system/")]
    record = score_corpus(open_corpus(corpus.path), "gold", systems, ["entity", "TC", "AC+"])
    path = write_record(record, corpus.path / "records" / "r.json")
    code, _, said = run("report", path, "--html", folder / "r.html")
    assert code == 0, said
    return (folder / "r.html").read_text()


@pytest.mark.parametrize(
    "layers",
    [
        {"gold": {}, "system/a": {}},
        {"gold": {"d1": ("PER",)}, "system/a": {}},
        {"gold": {}, "system/a": {"d2": ("PER",)}},
        {"gold": {"d1": ("PER", "ORG")}, "system/a": {"d1": ("PER",)}, "system/b": {"d1": ("ORG", "ORG")}},
        {"gold": {"d1": ("PER",)}} | {f"system/s{k:02d}": {"d1": ("PER",)} for k in range(11)},
    ],
    ids=["nothing at all", "an empty system", "an empty gold", "no events", "eleven systems"],
)
def test_a_corpus_with_little_in_it_has_a_report_too(layers, tmp_path):
    page = page_of(tmp_path, layers)
    assert 'id="ranking"' in page
    assert "None" not in page.partition("<script")[0]
    assert "nan" not in page.partition("<script")[0].replace("finance", "")


def test_undefined_is_shown_as_a_dash_never_as_zero(tmp_path):
    page = page_of(tmp_path, {"gold": {}, "system/a": {}})
    assert "<td>–</td>" in page
    assert ">0.0<" not in page


def test_a_system_of_another_record_may_have_any_name(record, tmp_path):
    raw = record.read_text().replace('"lexicon"', json.dumps('=cmd|"\n<b>'))
    msgspec.json.decode(raw)
    (tmp_path / "r.json").write_text(raw)
    assert (
        run("report", tmp_path / "r.json", "--markdown", tmp_path / "r.md", "--csv", tmp_path / "t")[0] == 0
    )


# ---------------------------------------------------------------- little and much
def a_corpus(folder: Path, number: int) -> Path:
    """A corpus of documents with one mention each, and its record."""
    documents = [make_document(f"d{k:05}", f"Rebels took Kunduz, says report {k}.") for k in range(number)]
    corpus = create_corpus(folder, Manifest(name="many"), documents)
    layer = [
        Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=(Mention(id="m1", type="GPE", spans=(Span(12, 18),)),),
        )
        for document in documents
    ]
    corpus.write_layer("gold", layer)
    corpus.write_layer("system/s", layer)
    return write_record(score_corpus(corpus, "gold", ["s"], ["entity"]), folder / "records" / "r.json")


def test_every_form_for_people_says_that_documents_are_few(tmp_path):
    record = a_corpus(tmp_path / "few", 3)
    code, out, _ = run("report", record)
    assert code == 0
    said = "These figures rest on 3 documents."
    assert said in " ".join(out.split())
    page, text = tmp_path / "r.html", tmp_path / "r.md"
    assert run("report", record, "--html", page, "--markdown", text)[0] == 0
    assert said in page.read_text("utf-8")
    assert said in text.read_text("utf-8")
    code, out, _ = run("score", tmp_path / "few", "--measure", "entity")
    assert said in " ".join(out.split())


def test_long_work_says_how_far_it_is_and_short_work_does_not(tmp_path):
    _, _, said = run("report", a_corpus(tmp_path / "many", 2000), "--html", tmp_path / "many.html")
    assert said.splitlines()[:3] == [
        "comparing systems…",
        "looking at every unit…",
        "putting documents and examples together…",
    ]
    _, _, said = run("report", a_corpus(tmp_path / "some", 20), "--html", tmp_path / "some.html")
    assert said.splitlines() == [f"wrote {tmp_path / 'some.html'}"]
