"""Gold as people have it, by the commands they would type: half done, drafts, lists, one kind of unit only.

The right values are counted by hand.
"""

import json
import shutil
import sys
from types import ModuleType
from typing import Any

import pytest

from goldwire.corpora import formats
from goldwire.corpora.types import Annotations, Mention, Span

PARTIAL = "partial_gold_turns_the_ranking"
TOWN = {"id": "m", "type": "GPE", "spans": [[11, 21]], "text": "Northville"}


# ---------------------------------------------------------------- gold that is half done
# Ten documents of two persons and a place are gold, twenty of six places are not. One system has everything
# (150 units), the other the persons only (20): P 30/30, R 30/30 and P 20/20, R 20/30.
RIGHT = {"perfect": (100.0, 100.0, 100.0), "peronly": (100.0, 66.7, 80.0)}
NOT_COUNTED = (
    "Scored on the 10 of 30 documents that gold covers (20 not judged); not counted: 120 units of perfect"
)


def test_an_import_says_how_many_documents_gold_leaves_out(goldwire, made, files):
    folder = made(PARTIAL)
    said = goldwire("corpus", "import", folder, files / f"{PARTIAL}_gold.jsonl", "--layer", "again")
    assert "20 of 30 documents are not in" in said
    assert "not judged; `--covers all` if they were looked at" in said


def test_half_done_gold_does_not_turn_the_ranking_in_any_view(goldwire, made, figures):
    folder = made(PARTIAL)
    assert figures(folder, "--measure", "entity") == RIGHT
    path = folder / "records" / "measures.json"
    for view in (("score", folder, "--measure", "entity"), ("compare", path), ("report", path)):
        said = goldwire("eval", *view)
        assert NOT_COUNTED in said, view[0]
        assert "perfect 100.0 100.0 100.0 30 30 30" in said, view[0]
        assert "peronly 100.0 66.7 80.0 20 20 30" in said, view[0]
        assert said.index("perfect leads") < said.index("perfect 100.0"), view[0]


@pytest.mark.parametrize("form", ["--markdown", "--html"])
def test_what_is_not_counted_stands_above_the_figures_of_a_report(goldwire, made, record, tmp_path, form):
    folder = made(PARTIAL)
    record(folder, "--measure", "entity")
    goldwire("eval", "report", folder / "records" / "measures.json", form, tmp_path / "report")
    text = " ".join((tmp_path / "report").read_text("utf-8").split())
    assert text.index("10 of 30 documents that gold covers") < text.index("66.7")


def test_what_is_not_counted_stands_under_a_table_for_print(goldwire, made, record, tmp_path):
    folder = made(PARTIAL)
    record(folder, "--measure", "entity")
    goldwire("eval", "report", folder / "records" / "measures.json", "--latex", tmp_path / "t.tex")
    table = (tmp_path / "t.tex").read_text("utf-8").partition(r"\begin{table}")[2]
    assert "10 of 30 documents that gold covers" in " ".join(table.split())


def test_half_done_gold_taken_for_whole_is_what_it_was_and_says_so(goldwire, made, figures):
    folder = made(PARTIAL)
    # 30 right of 150 given: P 20, R 100, F 60/180
    whole = figures(folder, "--measure", "entity", "--unjudged", "empty")
    assert whole == {"perfect": (20.0, 100.0, 33.3), "peronly": (100.0, 66.7, 80.0)}
    said = goldwire("corpus", "cover", folder, "--layer", "gold", "--documents", "all")
    assert "20 empty line(s) written" in said
    assert figures(folder, "--measure", "entity") == whole


POLICY = '[[rules]]\nmeasure = "entity"\ndrop = 0.01\n'


@pytest.fixture
def build(goldwire, made, record, said_by, tmp_path):
    """The gate on an extractor that found persons only and now finds all, scored with these options."""
    folder = made(PARTIAL)
    (tmp_path / "policy.toml").write_text(POLICY)
    record, baseline = folder / "records" / "measures.json", tmp_path / "baseline.json"
    gate = ("eval", "gate", record, "--baseline", baseline, "--policy", tmp_path / "policy.toml")

    def call(*options: object) -> Any:
        layers = folder / "layers" / "system"
        score = ("eval", "score", folder, "--system", "build", "--measure", "entity", "--replace", *options)
        shutil.copy(layers / "peronly.jsonl", layers / "build.jsonl")
        goldwire(*score)
        goldwire(*gate, "--update")
        shutil.copy(layers / "perfect.jsonl", layers / "build.jsonl")
        goldwire(*score)
        return said_by(*gate)

    return call


def test_the_gate_is_open_to_an_improvement_on_half_done_gold(build):
    said = build()
    assert said.code == 0
    assert "80.0 -> 100.0" in said.out
    assert NOT_COUNTED.partition(";")[0] in " ".join(said.out.split())


def test_a_type_that_gained_is_not_named_as_lost(build):
    said = build("--unjudged", "empty")
    assert said.code == 1
    assert "80.0 -> 33.3" in said.out
    assert "lost most" not in said.out
    assert "0.0 -> 14.3" not in said.out


def test_agreement_and_scores_are_of_the_same_documents(made, said_by):
    said = said_by(
        "eval", "agreement", made(PARTIAL), "gold", "system/perfect", "--measure", "entity", "--json"
    )
    assert said.code == 0, said.err
    assert '"documents": 10' in said.out


def test_an_empty_line_is_judged_and_no_line_is_not(goldwire, made, figures):
    folder = made("gold_covers_two_of_four")
    assert figures(folder, "--measure", "entity") == {"x": (50.0, 66.7, 57.1)}
    said = goldwire("eval", "score", folder, "--measure", "entity")
    assert "Scored on the 2 of 4 documents that gold covers (2 not judged); not counted: 3 units of x" in said
    assert "corpus cover" not in said  # a source that has empty documents does not leave them out


def test_a_project_half_done_and_half_skipped_judges_what_was_submitted(goldwire, made, figures, files):
    folder = made("one_of_three_annotated")
    goldwire("annotate", "import", folder, files / "one_of_three_annotated_export.json",
             "--config", files / "ls_config_ner.xml")  # fmt: skip
    gold = ("--gold", "annotator/1", "--measure", "entity")
    assert figures(folder, *gold) == {"x": (100.0, 100.0, 100.0)}
    said = goldwire("eval", "score", folder, *gold)
    assert "Scored on the 1 of 3 documents that gold covers (2 not judged); not counted: 4 units of x" in said


# ---------------------------------------------------------------- half done gold goes out and comes back
# TBF holds no mentions: what comes back has nothing to score an entity by, and that is no 0.
MENTIONS = (
    "goldwire", "conll", "brat", "spacy", "huggingface", "doccano", "prodigy", "gliner", "dygie",
    "spacy-train",
)  # fmt: skip
BACK = {**dict.fromkeys(MENTIONS, RIGHT), "tbf": dict.fromkeys(RIGHT, (None, None, None))}


@pytest.mark.parametrize("format", sorted({*formats.FORMATS} - {*BACK}))
def test_every_other_format_is_read_only(goldwire, made, tmp_path, format):
    words = (tmp_path / "out", "--layer", "gold", "--format", format)
    assert f"{format} is read only" in goldwire("corpus", "export", made(PARTIAL), *words, code=2)


@pytest.mark.parametrize("format", BACK)
def test_half_done_gold_scores_the_same_when_it_comes_back(goldwire, made, figures, tmp_path, format):
    folder, out = made(PARTIAL), tmp_path / "out"
    said = goldwire("corpus", "export", folder, out, "--layer", "gold", "--format", format)
    assert "20 document(s) that the layer does not cover were not written" in said
    goldwire("corpus", "import", folder, out, "--format", format, "--layer", "back")
    assert figures(folder, "--gold", "back", "--measure", "entity") == BACK[format]
    assert "back covers 10 of 30 documents" in goldwire("corpus", "show", folder)


@pytest.mark.parametrize("format", [*MENTIONS[1:]])
def test_half_done_gold_makes_a_corpus_of_its_own(goldwire, made, tmp_path, format):
    out, new = tmp_path / "out", tmp_path / "new"
    goldwire("corpus", "export", made(PARTIAL), out, "--layer", "gold", "--format", format)
    goldwire("corpus", "new", new, "--from", out, "--format", format, "--layer", "gold", "--ontology", "none")
    assert "gold covers 10 of 10 documents" in goldwire("corpus", "show", new)


def test_label_studio_gets_no_empty_prediction_for_what_nobody_judged(goldwire, written, reports, tmp_path):
    folder = reports(3)
    gold = written("g", {"document": "t0", "mentions": [TOWN]}, {"document": "t1"})
    goldwire("corpus", "import", folder, gold, "--layer", "gold")
    said = goldwire("annotate", "export", folder, tmp_path / "tasks.json", "--prefill", "gold")
    assert "3 task(s), 2 with predictions" in said
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    for key, task in enumerate(tasks):  # two are submitted as they were drawn, one is not opened
        result = task.pop("predictions", [{"result": None}])[0]["result"]
        done = {"id": key, "completed_by": 7, "was_cancelled": False, "result": result}
        task |= {"id": key, "annotations": [] if result is None else [done]}
    (tmp_path / "done.json").write_text(json.dumps(tasks))
    goldwire("annotate", "import", folder, tmp_path / "done.json")
    assert "annotator/7 covers 2 of 3 documents (1 empty)" in goldwire("corpus", "show", folder)


# ---------------------------------------------------------------- other gold that is not whole
def person(*spans: tuple[int, int]) -> list[dict[str, Any]]:
    return [{"id": f"m{n}", "type": "PER", "spans": [list(span)]} for n, span in enumerate(spans)]


@pytest.fixture
def drafted(goldwire, written, tmp_path):
    """Three texts of two persons; gold has one with both, a draft of one, and one that was skipped."""
    path = written("t.jsonl", *({"id": f"t{n}", "text": f"Anna met Tom {n}."} for n in range(3)))
    folder = tmp_path / "c"
    goldwire("corpus", "new", folder, "--from", path, "--no-boilerplate", "--ontology", "none")
    texts = map(json.loads, (folder / "documents.jsonl").read_text().splitlines())
    hashes = {text["id"]: text["sha256"] for text in texts}
    draft = {"status": "draft", "details": {"open": 2}}
    lines = [
        {"document": "t0", "mentions": person((0, 4), (9, 12))},
        {"document": "t1", "mentions": person((0, 4)), "provenance": draft},
        {"document": "t2", "provenance": {"status": "skipped"}},
    ]
    gold = written("g.jsonl", *(line | {"sha256": hashes[line["document"]]} for line in lines))
    goldwire("corpus", "import", folder, gold, "--layer", "gold")
    system = [{"document": f"t{n}", "mentions": person((0, 4), (9, 12))} for n in range(3)]
    goldwire("corpus", "import", folder, written("s.jsonl", *system), "--layer", "system/s")
    return folder


def test_drafts_are_not_gold_unless_they_are_asked_for(goldwire, figures, drafted):
    assert figures(drafted, "--measure", "entity") == {"s": (100.0, 100.0, 100.0)}
    said = goldwire("eval", "score", drafted, "--measure", "entity")
    assert "the 1 of 3 documents that gold covers (1 skipped, 1 draft); not counted: 4 units of s" in said
    # with the draft 3 right of 4: P 75, R 100, F 6/7
    counted = figures(drafted, "--measure", "entity", "--drafts", "counted")
    assert counted == {"s": (75.0, 100.0, 85.7)}


def test_gold_of_nothing_but_drafts_cannot_be_scored_against(goldwire, drafted):
    gold = drafted / "layers" / "gold.jsonl"
    gold.write_text(next(line for line in gold.read_text().splitlines() if "draft" in line) + "\n")
    said = goldwire("eval", "score", drafted, code=2)
    assert "1 draft with 2 open decisions" in said


@pytest.fixture
def tuples(monkeypatch, tmp_path):
    """A file in another package's format: document, begin, end, type; it cannot hold an empty document."""
    module = ModuleType("tuples", "Tuples.")

    def read(paths: Any, options: Any, documents: Any = None) -> formats.Reading:
        known = {document.id: document for document in documents}
        rows = [row.split() for row in paths[0].read_text().splitlines()]
        lines = [
            Annotations(
                document=id,
                sha256=known[id].sha256,
                mentions=(Mention(id="m", type=type, spans=(Span(int(begin), int(end)),)),),
            )
            for id, begin, end, type in rows
        ]
        return formats.Reading(annotations=lines, documents=[])

    module.Options = type("Options", (formats.load("goldwire").Options,), {})
    module.read, module.COVERS = read, "all"
    monkeypatch.setitem(sys.modules, "tuples", module)
    monkeypatch.setitem(formats.FORMATS, "tuples", "tuples")
    return tmp_path / "gold.tuples"


def test_a_list_of_units_covers_all_documents_unless_it_is_said_that_it_does_not(
    goldwire, figures, written, reports, tuples
):
    """Gold is two towns of four texts; the system has the town of each."""
    folder = reports(4)
    tuples.write_text("t0 11 21 GPE\nt2 11 21 GPE\n")
    system = written("s", *({"document": f"t{n}", "mentions": [TOWN]} for n in range(4)))
    goldwire("corpus", "import", folder, system, "--layer", "system/s")
    add = ("corpus", "import", folder, tuples, "--format", "tuples", "--layer", "gold")
    missing = f"2 of 4 documents are not in {tuples}"
    assert f"{missing}: taken as judged and empty; `--covers listed` if they were not" in goldwire(*add)
    assert figures(folder, "--measure", "entity") == {"s": (50.0, 100.0, 66.7)}  # 2 right of 4, gold 2
    assert f"{missing}: not judged" in goldwire(*add, "--covers", "listed", "--replace")
    assert figures(folder, "--measure", "entity") == {"s": (100.0, 100.0, 100.0)}


def test_gold_without_events_says_nothing_of_a_systems_events(goldwire, record, written, reports):
    folder = reports(3)
    hit = {"type": "Attack", "trigger": [[7, 10]], "arguments": [{"role": "target", "mention": "m"}]}
    gold = written("g", *({"document": f"t{n}", "mentions": [TOWN]} for n in range(3)))
    system = written("s", *({"document": f"t{n}", "mentions": [TOWN], "events": [hit]} for n in range(3)))
    goldwire("corpus", "import", folder, gold, "--layer", "gold")
    goldwire("corpus", "import", folder, system, "--layer", "system/s")
    found = record(folder)
    values = {item["measure"]: item.get("value") for item in found["results"]}
    assert values["entity:span+type@exact"] == 1
    assert values["event:trigger+type@exact"] is None
    assert values["argument:trigger+type+role+span@exact"] is None
    said = goldwire("eval", "score", folder)
    assert "gold has no events; s has 3: TI and TC" in said
    assert "gold has no arguments; s has 3: AI+ and AC+" in said
    assert "TC (trigger + type) – – – 0 3 0" in said
