"""`goldwire annotate` without a server: output, exit codes, no traceback."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from goldwire.corpora import library
from goldwire.corpora.coverage import Covered, describe
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.corpora.validate import corpus_faults

KILLS = int(os.environ.get("GOLDWIRE_KILLS", "8"))
SEED = int(os.environ.get("GOLDWIRE_SEED", "13"))


Call = Callable[..., Any]


@pytest.fixture
def annotate(said_by: Call) -> Call:
    """Call `goldwire annotate …`."""
    return partial(said_by, "annotate")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The corpus that ships, with its gold."""
    library.copy("mazar-2021", tmp_path / "work")
    return tmp_path / "work"


def test_configuration_and_guidelines_are_printed_or_written(annotate: Call, tmp_path: Path) -> None:
    printed = annotate("config", "--layout", "frames")
    assert printed.code == 0
    assert ET.fromstring(printed.out).find(".//Labels[@name='role']") is not None
    written = annotate("guidelines", "--out", tmp_path / "g.html")
    assert (written.code, written.out) == (0, "")
    assert (tmp_path / "g.html").read_text().startswith("<!doctype html>")
    assert annotate("config", "--json").json["config"] == annotate("config").out


def test_gold_goes_out_as_predictions_and_comes_back_identical(
    annotate: Call, work: Path, tmp_path: Path
) -> None:
    tasks = tmp_path / "tasks.json"
    out = annotate("export", work, tasks, "--prefill", "gold", "--json").json
    documents = len(open_corpus(work).documents())
    assert (out["tasks"], out["predictions"]) == (documents, documents)
    back = annotate("import", work, tasks, "--json").json
    assert (back["rejected"], back["lost"], back["quarantine"]) == ({}, {}, None)
    (layer,) = back["layers"]
    assert layer == "prediction/" + out["model_version"].replace("@", "-")
    corpus = open_corpus(work)
    gold, found = corpus.layer("gold"), corpus.layer(layer)
    for document, annotations in gold.items():
        assert found[document].mentions == annotations.mentions
        assert found[document].events == annotations.events
        assert found[document].relations == annotations.relations
    assert corpus_faults(corpus) == {}


def test_a_name_for_somebody_who_did_nothing_there_is_told(
    annotate: Call, work: Path, tmp_path: Path
) -> None:
    annotate("export", work, tmp_path / "t.json", "--prefill", "gold")
    tasks = json.loads((tmp_path / "t.json").read_text())
    result = tasks[0].pop("predictions")[0]["result"]
    tasks[0]["annotations"] = [{"id": 1, "completed_by": 1, "result": result}]
    (tmp_path / "t.json").write_text(json.dumps(tasks[:1]))
    said = annotate("import", work, tmp_path / "t.json", "--annotator", "1=anna", "--annotator", "9=zoe")
    assert "layer annotator/anna" in said.out
    assert "--annotator 9=zoe: " in said.err
    assert "anna" not in said.err


def test_frames_need_a_layer_to_be_made_of(annotate: Call, work: Path, tmp_path: Path) -> None:
    said = annotate("export", work, tmp_path / "t.json", "--layout", "frames")
    assert said.code == 2
    assert "name it with --prefill" in said.err
    assert not (tmp_path / "t.json").exists()
    events = sum(len(a.events) for a in open_corpus(work).layer("gold").values())
    made = annotate("export", work, tmp_path / "t.json", "--layout", "frames", "--prefill", "gold", "--json")
    assert made.json["tasks"] == events


def test_foreign_project_is_read_with_its_configuration(annotate: Call, shared: Path, tmp_path: Path) -> None:
    samples = shared / "labelstudio"
    command = ("import", tmp_path / "new", samples / "export.json", "--config", samples / "config.xml")
    said = annotate(*command, "--add-texts", "--annotator", "1=anna", "--annotator", "4=ben")
    assert said.code == 0
    assert "layer annotator/anna: 2 document(s)" in said.out
    assert re.search(r"rejected: 3 superseded, .*1 not-coreferent.*; see \S+\.jsonl", said.out)
    corpus = open_corpus(tmp_path / "new")
    assert corpus.layers() == ["annotator/anna", "annotator/ben", "draft/anna", "skipped/ben"]
    assert corpus_faults(corpus) == {}


def test_export_of_which_everything_is_rejected_gives_exit_1(
    annotate: Call, work: Path, tmp_path: Path
) -> None:
    path = tmp_path / "export.json"
    path.write_text(
        '[{"id": 1, "data": {"text": "Another text."}, "annotations": [{"id": 2, "result": []}]}]'
    )
    before = open_corpus(work).layers()
    said = annotate("import", work, path)
    assert (said.code, "rejected: 1 unknown-document; see" in said.out) == (1, True)
    assert "everything was rejected; no layer was written" in said.err
    assert open_corpus(work).layers() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope.json"], "nope.json: cannot be read"),
        (["torn.json"], "torn.json: not JSON"),
        (["t.json", "--config", "nope.xml"], "nope.xml: cannot be read"),
        (["t.json", "--config", "evil.xml"], "declares a document type"),
        (["t.json", "--annotator", "anna"], "write --annotator WHO=NAME"),
        (["t.json", "--annotator", "1="], "write --annotator WHO=NAME"),
        (["t.json", "--annotator", "1=../anna"], "is no layer name"),
    ],
)
def test_what_cannot_be_read_is_told_without_a_traceback(
    annotate: Call, work: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    tmp_path = work.parent
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torn.json").write_text('[{"data":')
    (tmp_path / "t.json").write_text("[]")
    (tmp_path / "evil.xml").write_text("<!DOCTYPE x><View/>")
    said = annotate("import", work, *arguments)
    assert said.code == 2
    assert message in " ".join(said.err.split())
    assert "Traceback" not in said.err


def test_corpus_without_an_ontology_says_what_to_do(annotate: Call, work: Path, tmp_path: Path) -> None:
    manifest = work / "corpus.toml"
    manifest.write_text(re.sub(r"(?m)^ontology.*\n", "", manifest.read_text()))
    said = annotate("export", work, tmp_path / "t.json")
    assert (said.code, f"goldwire corpus set {work} --ontology" in said.err) == (2, True)


def test_two_layers_are_adjudicated_by_a_file_of_decisions(annotate: Call, work: Path) -> None:
    """anna has all of the gold, ben lacks the mentions of one type and what they do in events."""
    corpus = open_corpus(work)
    gold = corpus.layer("gold")
    corpus.write_layer("annotator/anna", gold.values())
    corpus.write_layer("annotator/ben", map(without_vehicles, gold.values()))
    vehicles = sum(m.type == "VEH" for item in gold.values() for m in item.mentions)
    assert vehicles > 0
    assert annotate("adjudicate", work).code == 2  # gold was made by other means
    command = ("adjudicate", work, "--layers", "anna", "--layers", "ben", "--to", "merged")
    said = annotate(*command, "--json").json
    assert said["differed"] == said["open"] == vehicles
    path = Path(said["decisions"])
    while said["open"]:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps({**line, "decision": True}) + "\n" for line in lines))
        said = annotate(*command, "--json").json
    merged = corpus.layer("merged")
    assert {d: len(item.mentions) for d, item in merged.items()} == {
        d: len(i.mentions) for d, i in gold.items()
    }
    assert {d: [len(e.arguments) for e in item.events] for d, item in merged.items()} == {
        d: [len(e.arguments) for e in sorted(i.events, key=lambda e: (e.trigger, e.type))]
        for d, i in gold.items()
    }
    assert "open: 0" in annotate(*command).out
    assert corpus_faults(corpus) == {}


def test_documents_said_to_be_empty_stay_when_adjudication_runs_again(
    annotate: Call, said_by: Call, tmp_path: Path
) -> None:
    documents = [make_document(id, f"Rain fell on {id}.") for id in ("a", "b", "c")]
    corpus = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), documents)
    done = [Annotations(document=d.id, sha256=d.sha256) for d in documents]
    corpus.write_layer("annotator/anna", done[:2])
    corpus.write_layer("annotator/ben", done[:1])
    assert "left out, done by one person only: b" in annotate("adjudicate", corpus.path).out
    assert corpus.layer("gold").keys() == {"a"}
    said_by("corpus", "cover", corpus.path, "--layer", "gold", "--documents", "all")
    corpus.write_layer("annotator/ben", done[:2])
    assert annotate("adjudicate", corpus.path).code == 0
    tools = {id: item.provenance.tool for id, item in corpus.layer("gold").items()}
    assert tools == {"a": "goldwire adjudicate", "b": "goldwire adjudicate", "c": "goldwire corpus cover"}


LABELS = """<View><Labels name="label" toName="text"><Label value="PER"/></Labels>
<Text name="text" value="$text"/></View>"""


def test_layers_of_like_names_have_lists_of_their_own(annotate: Call, tmp_path: Path) -> None:
    corpus = create_corpus(tmp_path / "new", Manifest(name="t"), [make_document("a", "Kabul fell.")])
    line = Annotations(document="a", sha256=corpus.documents()[0].sha256)
    for name in ("anna", "ben"):
        corpus.write_layer(f"annotator/{name}", [line])
    said = [annotate("adjudicate", corpus.path, "--to", to, "--json").json for to in ("gold/a", "gold-a")]
    assert len({one["decisions"] for one in said}) == 2


@pytest.fixture
def three_of_two(tmp_path: Path) -> Corpus:
    """Anna did a and b, Ben a, Carl b: they differ in both."""
    documents = [make_document(id, "Kabul fell.") for id in ("a", "b")]
    corpus = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), documents)
    kabul = Mention(id="m", type="GPE", spans=(Span(0, 5),))
    done = [Annotations(document=d.id, sha256=d.sha256, mentions=(kabul,)) for d in documents]
    corpus.write_layer("annotator/anna", done)
    for name, document in (("ben", documents[0]), ("carl", documents[1])):
        corpus.write_layer(f"annotator/{name}", [Annotations(document=document.id, sha256=document.sha256)])
    return corpus


def test_what_a_layer_that_is_made_anew_has_no_more_is_told(annotate: Call, three_of_two: Corpus) -> None:
    assert "no longer in the layer" not in annotate("adjudicate", three_of_two.path).out
    two = ("--layers", "anna", "--layers", "ben")
    done = annotate("adjudicate", three_of_two.path, *two)
    assert "no longer in the layer, for the layers that were merged do not give them: b;" in done.out
    assert f"adjudicate {three_of_two.path} --layers anna --layers ben --html review.html" in done.err
    annotate("adjudicate", three_of_two.path)
    assert annotate("adjudicate", three_of_two.path, *two, "--json").json["dropped"] == ["b"]


def test_a_layer_is_not_replaced_by_none_of_its_documents(annotate: Call, three_of_two: Corpus) -> None:
    annotate("adjudicate", three_of_two.path)
    done = annotate("adjudicate", three_of_two.path, "--layers", "anna")
    assert done.code == 2
    assert "no document was done by two people: a, b; nothing is written. --accept-single" in done.err
    assert three_of_two.layer("gold").keys() == {"a", "b"}
    assert annotate("adjudicate", three_of_two.path, "--layers", "anna", "--accept-single").code == 0


@pytest.mark.parametrize("to", ["annotator/dora", "system/best", "prediction/x"])
def test_gold_of_many_does_not_pass_for_one_of_them(annotate: Call, three_of_two: Corpus, to: str) -> None:
    done = annotate("adjudicate", three_of_two.path, "--to", to)
    assert done.code == 2
    assert "would count as one of those in" in done.err
    assert to not in three_of_two.layers()


def test_decisions_on_documents_of_others_are_told_as_such(
    annotate: Call, three_of_two: Corpus, tmp_path: Path
) -> None:
    annotate("adjudicate", three_of_two.path)
    lines = (three_of_two.path / "labelstudio/decisions-gold.jsonl").read_text()
    file = tmp_path / "others.jsonl"
    file.write_text(lines.replace('"document":"a"', '"document":"z"').replace("null", "true"))
    done = annotate("adjudicate", three_of_two.path, "--decisions", file)
    assert "decisions on documents that are not in this corpus: 1" in done.out
    assert "nobody differs" not in done.out


def test_a_corpus_without_annotators_has_nothing_to_adjudicate(annotate: Call, tmp_path: Path) -> None:
    corpus = create_corpus(tmp_path / "new", Manifest(name="t"), [make_document("a", "Kabul fell.")])
    done = annotate("adjudicate", corpus.path)
    assert done.code == 2
    assert "no layer of an annotator to merge" in done.err
    assert corpus.layers() == []


def test_half_done_export_judges_what_was_submitted_alone(annotate: Call, tmp_path: Path) -> None:
    """Of four texts one is submitted, one skipped with work in it, one a draft, one not begun."""
    region = {
        "id": "r", "from_name": "label", "to_name": "text", "type": "labels",
        "value": {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]},
    }  # fmt: skip
    done = {"completed_by": 1, "result": [region]}
    held = [
        {"annotations": [{"id": 1, **done}]},
        {"annotations": [{"id": 2, "was_cancelled": True, **done}]},
        {"annotations": [], "drafts": [{"id": 3, "user": 1, "result": [region]}]},
        {"annotations": []},
    ]
    tasks = [{"id": n, "data": {"text": f"Anna came {n}."}, **each} for n, each in enumerate(held)]
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    (tmp_path / "labels.xml").write_text(LABELS)
    command = ("import", tmp_path / "new", tmp_path / "export.json", "--config", tmp_path / "labels.xml")
    assert annotate(*command, "--add-texts").code == 0
    corpus = open_corpus(tmp_path / "new")
    assert len(corpus.documents()) == 4
    covered = {name: describe(corpus.layer(name).values(), 4) for name in corpus.layers()}
    assert covered == {
        "annotator/1": Covered(corpus=4, judged=1),
        "draft/1": Covered(corpus=4, judged=0, drafts=1),
        "skipped/1": Covered(corpus=4, judged=0, skipped=1),
    }


def without_vehicles(annotations: Annotations) -> Annotations:
    gone = {mention.id for mention in annotations.mentions if mention.type == "VEH"}
    return msgspec.structs.replace(
        annotations,
        mentions=tuple(mention for mention in annotations.mentions if mention.id not in gone),
        events=tuple(
            msgspec.structs.replace(e, arguments=tuple(a for a in e.arguments if a.mention not in gone))
            for e in annotations.events
        ),
    )


@pytest.mark.slow
def test_import_killed_at_any_moment_is_completed_by_running_it_again(work: Path, tmp_path: Path) -> None:
    """kill -9 while an export of several people on many documents is read; the seed decides when."""
    corpus = open_corpus(work)
    exported = tmp_path / "tasks.json"
    run = [sys.executable, "-m", "goldwire", "annotate"]
    subprocess.run([*run, "export", work, exported, "--prefill", "gold"], check=True, capture_output=True)
    tasks = json.loads(exported.read_text())
    for task in tasks:
        result = task.pop("predictions")[0]["result"]
        people = [{"id": n, "completed_by": n, "result": result, "was_cancelled": n == 3} for n in range(6)]
        task.update(annotations=people, drafts=[{"id": 99, "user": 13, "result": [7]}])
    exported.write_text(json.dumps(tasks))
    command = [*run, "import", str(work), str(exported)]
    pristine = tmp_path / "pristine"
    shutil.copytree(work, pristine)

    def files() -> dict[str, bytes]:
        return {str(p.relative_to(work)): p.read_bytes() for p in work.rglob("*") if p.is_file()}

    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.monotonic() - began
    whole = files()
    assert len([name for name in whole if name.startswith("layers/annotator/")]) == 5
    random = Random(SEED)
    for _ in range(KILLS):
        shutil.rmtree(work)
        shutil.copytree(pristine, work)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(seconds * random.uniform(0.3, 1.0))
            process.kill()
        assert corpus_faults(corpus) == {}
        subprocess.run(command, check=True, capture_output=True)
        assert files() == whole


def test_an_import_that_is_refused_leaves_no_corpus_behind(annotate: Call, tmp_path: Path) -> None:
    tasks = [{"id": 1, "data": {"text": "Rain fell."}, "annotations": []}]
    (tmp_path / "x.json").write_text(json.dumps(tasks))
    xml = '<View><Labels name="l" toName="t"><Label value="A"/></Labels><Text name="t" value="$text"/></View>'
    (tmp_path / "x.xml").write_text(xml)
    export, folder = tmp_path / "x.json", tmp_path / "new"
    config: list[Any] = ["--config", tmp_path / "x.xml"]
    for more in ([*config, "--entities", "nope"], [], [*config, "--annotator", "1=a/../b"]):
        assert annotate("import", folder, export, "--add-texts", *more).code == 2
        assert not folder.exists()
    assert annotate("import", folder, export, "--add-texts", *config).code == 0
    assert (folder / "documents.jsonl").is_file()


def test_an_import_of_what_is_nobodys_says_that_a_number_is_no_person(annotate: Call, tmp_path: Path) -> None:
    value = {"start": 0, "end": 4, "text": "Rain", "labels": ["A"]}
    result = [{"id": "a", "from_name": "l", "to_name": "t", "type": "labels", "value": value}]
    tasks = [
        {"id": n, "data": {"text": f"Rain fell {n}."}, "annotations": [{"id": n, "result": result}]}
        for n in (1, 2)
    ]
    (tmp_path / "x.json").write_text(json.dumps(tasks))
    xml = '<View><Labels name="l" toName="t"><Label value="A"/></Labels><Text name="t" value="$text"/></View>'
    (tmp_path / "x.xml").write_text(xml)
    said = annotate(
        "import", tmp_path / "c", tmp_path / "x.json", "--add-texts", "--config", tmp_path / "x.xml"
    )
    assert (said.code, "unknown-1 of one document need not be the person" in said.out) == (0, True)
