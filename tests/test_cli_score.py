"""`goldwire eval score`, `measures`, `suites`: what people and programs see, and what is kept."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora.errors import CorpusError, JudgementError, MeasureError
from goldwire.corpora.store import Manifest, create_corpus, make_document, open_corpus, write_documents
from goldwire.corpora.types import Annotations, Excluded, Mention, Span
from goldwire.eval.scoring.files import read_record

TEXT = "By A. Writer. Rebels took Kunduz."


def run(*arguments):
    return CliRunner().invoke(app, ["eval", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path):
    byline = (Excluded(start=0, end=13, reason="byline"),)
    documents = [make_document(f"d{i}", TEXT, excluded=byline) for i in range(3)]

    def layer(*units):
        return [
            Annotations(
                document=document.id,
                sha256=document.sha256,
                mentions=tuple(
                    Mention(id=str(i), type=type, spans=(Span(start, end),))
                    for i, (start, end, type) in enumerate(units)
                ),
            )
            for document in documents
        ]

    rebels, kunduz = (14, 20, "MIL"), (26, 32, "GPE")
    corpus = create_corpus(tmp_path / "news", Manifest(name="news", ontology="conflict"), documents)
    corpus.write_layer("gold", layer(rebels, kunduz, (3, 12, "PER")))
    corpus.write_layer("system/good", layer(rebels, kunduz))
    corpus.write_layer("system/bad", layer((14, 20, "PER"))[:2])
    return corpus.path


def test_the_board_ranks_systems_and_names_what_was_not_counted(folder):
    found = run("score", folder)
    assert found.exit_code == 0
    lines = found.output.splitlines()
    good, bad = (
        next(i for i, line in enumerate(lines) if line.split()[:1] == [name]) for name in ("good", "bad")
    )
    assert good < bad
    output = " ".join(found.output.split())  # lines are broken where the terminal ends
    for text in (
        "3 documents",
        "MIL",
        "bad has no line for 1 document, which counts as empty.",
        "gold: 3 units in excluded regions do not count.",
        "Undefined, since neither gold nor a system has events: TI and TC.",
        "Undefined, since neither gold nor a system has arguments: AI+ and AC+.",
        "entity:span+type@exact",
        "|corpus:news@1.0#",
    ):
        assert text in output


def test_the_record_is_kept_with_the_corpus(folder):
    assert run("score", folder).exit_code == 0
    record = read_record(folder / "records" / "default.json")
    assert [system.name for system in record.systems] == ["bad", "good"]
    assert record.suite == "default"
    assert run("score", folder, "--suite", "conll", "--name", "mine").exit_code == 0
    assert read_record(folder / "records" / "mine.json").suite == "conll"
    assert run("score", folder, "--measure", "TC").exit_code == 0
    assert read_record(folder / "records" / "measures.json").suite is None


def test_the_record_says_when_it_was_made(folder):
    before = datetime.now(UTC).replace(microsecond=0)
    output = run("score", folder).output
    made = datetime.fromisoformat(read_record(folder / "records" / "default.json").created)
    assert before <= made <= datetime.now(UTC)
    assert f"scored {made:%Y-%m-%d %H:%M} UTC" in " ".join(output.split())


def test_the_same_scored_again_differs_in_nothing_but_its_time(folder):
    records = []
    for name in ("one", "two"):
        run("score", folder, "--name", name)
        records.append(read_record(folder / "records" / f"{name}.json"))
    assert replace(records[0], created=None) == replace(records[1], created=None)


def test_json_is_the_record(folder):
    found = run("score", folder, "--system", "good", "--json", "--trials", "0")
    data = json.loads(found.stdout)
    assert data["results"][0]["value"] == 1.0
    assert data["systems"][0]["layer"] == "system/good"
    assert "intervals" not in data["results"][0]


def test_a_streamed_record_says_how_many_documents_there_were(folder):
    output = run("score", folder, "--stream", "--name", "long").output
    assert "3 documents" in output
    assert read_record(folder / "records" / "long.json").documents == ()


def test_one_system_is_shown_with_precision_recall_and_counts(folder):
    output = run("score", folder, "--system", "bad").output
    row = next(line.split() for line in output.splitlines() if line.startswith("untyped (span)"))
    assert row[2:] == ["100.0", "33.3", "50.0", "2", "2", "6"]


def test_classes_are_shown_where_a_suite_has_them(folder):
    output = run("score", folder, "--system", "bad", "--suite", "semeval2013").output
    assert "COR" in output
    rows = [line.split() for line in output.splitlines()]
    assert ["entity", "(span", "+", "type)", "bad", "0", "2", "0", "4", "0"] in rows


def test_a_control_character_in_a_type_does_not_reach_the_terminal(folder):
    from goldwire.corpora.store import open_corpus

    corpus = open_corpus(folder)
    document = corpus.documents()[0]
    evil = Mention(id="m", type="\x1b[31mGPE", spans=(Span(26, 32),))
    corpus.write_layer(
        "system/good", [Annotations(document=document.id, sha256=document.sha256, mentions=(evil,))]
    )
    output = run("score", folder, "--system", "good").output
    assert "\x1b" not in output
    assert "␛[31mGPE" in output


def test_what_is_wrong_is_an_error_not_a_record(folder):
    with pytest.raises(MeasureError, match="is no measure"):
        run("score", folder, "--measure", "TQ")
    with pytest.raises(CorpusError, match="no layer 'third'"):
        run("score", folder, "--system", "third")
    with pytest.raises(CorpusError, match="no layer name"):
        run("score", folder, "--name", "../out")
    assert not (folder / "records").exists()


def test_a_corpus_without_systems_says_what_to_do(folder):
    for path in (folder / "layers" / "system").iterdir():
        path.unlink()
    with pytest.raises(CorpusError, match="goldwire eval run"):
        run("score", folder)


def test_measures_and_suites_are_explained():
    everything = run("measures").output
    assert "AC+" in everything
    one = run("measures", "AC+", "entity:span@dice").output
    assert "Huang et al. 2024" in one
    assert "sum of both as credit" in " ".join(one.split())
    assert [item["name"] for item in json.loads(run("measures", "TC", "--json").stdout)] == ["TC"]
    assert "TextEE" in run("suites", "textee").output
    assert json.loads(run("suites", "--json").stdout)[0]["name"] == "default"


def test_a_system_scored_alone_leaves_the_others_in_the_record(folder):
    assert run("score", folder).exit_code == 0
    again = run("score", folder, "--system", "good")
    assert "kept from before, not scored now: bad" in again.output
    assert "no figure moved" in again.output
    assert "bad" in [word for line in again.stdout.splitlines() for word in line.split()]
    record = json.loads(run("score", folder, "--system", "good", "--json").stdout)
    assert [system["name"] for system in record["systems"]] == ["bad", "good"]
    assert read_record(folder / "records" / "default.json").systems[0].name == "bad"


def test_results_of_other_measures_are_not_lost_under_a_name(folder):
    run("score", folder, "--measure", "entity")
    before = (folder / "records" / "measures.json").read_bytes()
    with pytest.raises(JudgementError, match=r"measures: 1, now 2 .*\n.*--replace .* another --name"):
        run("score", folder, "--system", "good", "--measure", "entity", "--measure", "overlap")
    assert (folder / "records" / "measures.json").read_bytes() == before
    replaced = run("score", folder, "--system", "good", "--measure", "overlap", "--replace")
    assert "no longer in the record: bad" in replaced.output
    assert [s.name for s in read_record(folder / "records" / "measures.json").systems] == ["good"]


def test_a_wrong_name_is_told_before_anything_is_scored(folder, monkeypatch):
    monkeypatch.setattr("goldwire.eval.scoring.score.score_corpus", None)
    with pytest.raises(CorpusError, match="is no layer name"):
        run("score", folder, "--name", "../x")


def test_intervals_that_a_streamed_record_cannot_have_are_told_of(folder):
    documents = [msgspec.structs.replace(d, group="d0") for d in open_corpus(folder).documents()]
    write_documents(open_corpus(folder), documents)
    assert "no intervals: near-duplicates" in run("score", folder, "--stream").output
    assert "no intervals" not in run("score", folder, "--stream", "--trials", "0", "--replace").output
