"""`goldwire eval run` and `eval systems` as people and programs use them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Mention, Span


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.chdir(tmp_path)
    texts = ["Rebels attacked Gao on Monday.", "Soldiers fled to Mopti.", "Nothing happened in Goma."]
    documents = [make_document(f"d{i}", text) for i, text in enumerate(texts)]
    made = create_corpus(tmp_path / "work", Manifest(name="work", ontology="conflict"), documents)
    made.write_layer(
        "gold",
        [
            Annotations(
                document=d.id,
                sha256=d.sha256,
                mentions=(Mention(id="m", type="GPE", spans=(Span(0, d.text.index(" ")),)),),
            )
            for d in documents
        ],
    )
    (tmp_path / "mine.py").write_text(
        "def extract(document):\n"
        "    if document.id == 'd1':\n"
        "        raise ValueError('too hard')\n"
        "    city = {'type': 'CITY', 'spans': [[0, 3]]}\n"
        "    return {'mentions': [city, {'type': 'GPE', 'spans': [[0, 900]]}]}\n"
    )
    return open_corpus(tmp_path / "work")


def goldwire(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goldwire", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_several_systems_run_in_one_call_and_are_reported(corpus: Corpus) -> None:
    done = goldwire(
        "eval", "run", "work", "--system", "rules=lexicon", "--system", "mine=python:mine:extract"
    )
    assert done.returncode == 0, done.stderr
    assert corpus.layers() == ["gold", "system/mine", "system/rules"]
    assert "rules: layer system/rules, 3 documents by lexicon" in done.stdout
    assert "failed, scored as empty: ValueError: too hard: d1" in done.stdout
    assert "rejected: 2 outside-text, 2 unknown-type; see work/runs/mine/quarantine.jsonl" in done.stdout
    assert "documents/s" in done.stdout
    assert "rules: 3/3 documents" in done.stderr


def test_programs_get_json_alone_on_standard_output(corpus: Corpus) -> None:
    done = goldwire("eval", "run", "work", "--system", "rules=lexicon", "--json")
    (outcome,) = json.loads(done.stdout)
    assert outcome["system"] == "rules"
    assert outcome["facts"]["documents"] == 3
    assert outcome["facts"]["speed"]["latency"]["p50"] > 0


def test_a_system_that_cannot_run_gives_exit_2_and_stops_no_other(corpus: Corpus) -> None:
    done = goldwire("eval", "run", "work", "--system", "bad=nothing", "--system", "rules=lexicon")
    assert done.returncode == 2
    assert "bad: not run: no kind of system 'nothing'" in done.stdout
    assert "system/rules" in corpus.layers()
    assert "Traceback" not in done.stderr


def test_a_file_of_systems_and_label_maps(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "map.toml").write_text('[mentions]\nCITY = "GPE"\n')
    (tmp_path / "team" / "systems.toml").write_text(
        '[systems.a]\nspec = "python:mine:extract"\nlabels = "map.toml"\n[systems.b]\nspec = "lexicon"\n'
    )
    done = goldwire("eval", "run", "work", "--systems", "team/systems.toml", "--only", "a")
    assert done.returncode == 0, done.stderr
    assert corpus.layers() == ["gold", "system/a"]
    assert {m.type for item in corpus.layer("system/a").values() for m in item.mentions} == {"GPE"}
    done = goldwire("eval", "run", "work", "--system", "a=python:mine:extract", "--labels", "a=team/map.toml")
    assert "rejected: 2 outside-text;" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no system was named"),
        (["--system", "lexicon"], "a system is NAME=SPEC"),
        (["--system", "a=lexicon", "--system", "a=sklearn"], "two systems are called a"),
        (["--systems", "absent.toml"], "cannot be read"),
        (["--system", "a=lexicon", "--labels", "b=x.toml"], "no system is called b"),
        (["--system", "a=lexicon", "--option", "a.x"], "write --option NAME.KEY=VALUE"),
        (["--system", "a=lexicon", "--memory", "much"], "no amount of memory"),
        (["--system", "a=lexicon", "--save", "x.npz"], "--save and --load are for `sklearn`"),
    ],
)
def test_wrong_use_is_said_in_a_line(corpus: Corpus, arguments: list[str], message: str) -> None:
    done = goldwire("eval", "run", "work", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert corpus.layers() == ["gold"]


def test_options_reach_the_system_as_toml_values(corpus: Corpus) -> None:
    done = goldwire("eval", "run", "work", "--system", "s=sklearn", "--option", "s.folds=two")
    assert "options: Expected `int`, got `str` - at `$.folds`" in done.stdout
    done = goldwire(
        "eval", "run", "work", "--system", "s=sklearn", "--option", "s.folds=2", "--option", "s.lexicon=''"
    )
    assert "in 2 folds" in done.stdout


def test_a_trained_model_is_saved_and_loaded(corpus: Corpus, tmp_path: Path) -> None:
    done = goldwire("eval", "run", "work", "--system", "s=sklearn", "--save", "learnt.npz")
    assert done.returncode == 0, done.stderr
    assert "learnt.npz: trained on 3 documents of layer 'gold'" in done.stderr
    create_corpus(
        tmp_path / "other",
        Manifest(name="o", ontology="conflict"),
        [make_document("x", "Snow fell on the hills of Tyre.")],
    )
    done = goldwire("eval", "run", "other", "--system", "s=sklearn", "--load", "learnt.npz")
    assert done.returncode == 0, done.stdout
    assert "model learnt.npz, trained on 3 documents" in done.stdout
    done = goldwire("eval", "run", "work", "--system", "s=sklearn", "--load", "learnt.npz")
    assert done.returncode == 2
    assert "trained on 3 of these documents" in done.stdout


def test_unmatched_predictions_are_named(corpus: Corpus, tmp_path: Path) -> None:
    lines = [{"document": "d0", "mentions": []}, {"document": "elsewhere", "mentions": []}]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = goldwire("eval", "run", "work", "--system", "f=file:p.jsonl")
    assert done.returncode == 0
    assert "1 prediction(s) for documents the corpus does not have: elsewhere" in done.stdout
    assert "2 document(s) without a prediction, scored as empty: d1, d2" in done.stdout


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{"document": "d0", "mention": []}\n', "unknown field `mention`"),
        ('{"document": \n', "not valid JSON"),
    ],
)
def test_a_faulty_predictions_file_is_not_run(
    corpus: Corpus, tmp_path: Path, lines: str, message: str
) -> None:
    (tmp_path / "p.jsonl").write_text(lines)
    done = goldwire("eval", "run", "work", "--system", "f=file:p.jsonl")
    assert done.returncode == 2
    assert message in done.stdout
    assert corpus.layers() == ["gold"]


def test_a_line_that_cannot_be_read_fails_its_document_alone(corpus: Corpus, tmp_path: Path) -> None:
    lines = [
        '{"document": "d0"}',
        '{"document": "d1", "mentions": [{"ty',
        '{"mentions": []}',
        '{"document": "d0"}',
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    done = goldwire("eval", "run", "work", "--system", "f=file:p.jsonl")
    layer = corpus.layer("system/f")
    assert {id for id, line in layer.items() if "failed" in line.provenance.details} == {"d1"}
    assert "1 line(s) that name no document, left out: p.jsonl:3" in done.stdout
    assert "1 document(s) with several lines, of which the first counts: d0" in done.stdout


def test_a_label_without_counterpart_is_told_with_the_lines_that_leave_it_out(
    corpus: Corpus, tmp_path: Path
) -> None:
    line = {"document": "d0", "mentions": [{"type": "CARDINAL", "spans": [[0, 6]]}]}
    (tmp_path / "p.jsonl").write_text(json.dumps(line))
    done = goldwire("eval", "run", "work", "--system", "f=file:p.jsonl")
    told = done.stdout.split("leaves them out:\n")[1].splitlines()[:2]
    assert told == ["    [mentions]", '    CARDINAL = ""  # 1']
    assert "rejected: 1 unknown-type; see work/runs/f/quarantine.jsonl" in done.stdout
    (tmp_path / "map.toml").write_text("\n".join(told))
    done = goldwire("eval", "run", "work", "--system", "f=file:p.jsonl", "--labels", "f=map.toml")
    assert corpus.layer("system/f")["d0"].rejected == ()
    assert "  rejected: " not in done.stdout


def test_a_prediction_for_another_text_fails_its_document(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(json.dumps({"document": "d0", "sha256": "0" * 64}) + "\n")
    done = goldwire("eval", "run", "work", "--system", "f=file:p.jsonl")
    assert "made for another text (`sha256` differs): d0" in done.stdout


def test_systems_lists_kinds_and_a_file(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('[systems.small]\nspec = "spacy:en_core_web_sm"\nlabels = "spacy"\n')
    done = goldwire("eval", "systems", str(tmp_path / "s.toml"))
    for form in (
        "lexicon[:NAME|FILE.toml]",
        "cmd:COMMAND",
        "http(s)://URL",
        "llm:MODEL@URL",
        "python:MODULE:OBJECT",
    ):
        assert form in done.stdout
    assert "small = spacy:en_core_web_sm, labels spacy" in done.stdout
    assert "options: layer ('gold'), folds (5), lexicon ('conflict'), load" in done.stdout
    listed = json.loads(goldwire("eval", "systems", "--json").stdout)
    assert {"form", "about", "options", "ready", "hint"} == set(listed["kinds"][0])
