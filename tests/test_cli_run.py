"""`goldwire eval run` and `eval systems` as people and programs use them."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.scoring.files import read_record, write_record


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


@pytest.mark.skipif(sys.platform != "linux", reason="limits of data are Linux's")
def test_where_the_shell_allows_less_memory_than_a_system_may_have_it_runs_with_less(corpus: Corpus) -> None:
    command = f"ulimit -d 2000000; exec {sys.executable} -m goldwire eval run work --system a=lexicon"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_several_systems_run_in_one_call_and_are_reported(corpus: Corpus) -> None:
    done = goldwire(
        "eval", "run", "work", "--system", "rules=lexicon", "--system", "mine=python:mine:extract"
    )
    assert done.returncode == 1, done.stderr  # d1 failed, and none was allowed
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
    assert "bad: no layer written: no kind of system 'nothing'" in done.stdout
    assert "system/rules" in corpus.layers()
    assert "Traceback" not in done.stderr


def test_a_file_of_systems_and_label_maps(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "map.toml").write_text('[mentions]\nCITY = "GPE"\n')
    (tmp_path / "team" / "systems.toml").write_text(
        '[systems.a]\nspec = "python:mine:extract"\nlabels = "map.toml"\n[systems.b]\nspec = "lexicon"\n'
    )
    done = goldwire(
        "eval", "run", "work", "--systems", "team/systems.toml", "--only", "a", "--allow-failures", "1"
    )
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
        (
            ["--system", "a=lexicon", "--save", "x.npz"],
            "--save and --load are for systems that learn",
        ),
    ],
)
def test_wrong_use_is_said_in_a_line(corpus: Corpus, arguments: list[str], message: str) -> None:
    done = goldwire("eval", "run", "work", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert corpus.layers() == ["gold"]


@pytest.mark.slow
def test_options_reach_the_system_as_toml_values(corpus: Corpus) -> None:
    done = goldwire("eval", "run", "work", "--system", "s=sklearn", "--option", "s.folds=two")
    assert "options: Expected `int`, got `str` - at `$.folds`" in done.stdout
    done = goldwire(
        "eval", "run", "work", "--system", "s=sklearn", "--option", "s.folds=2", "--option", "s.lexicon=''"
    )
    assert "in 2 folds" in done.stdout


@pytest.mark.slow
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


def news(folder: Path, number: int) -> Corpus:
    """A corpus of so many sentences, of which each names a bank that gold has."""
    documents = [make_document(f"d{i:02}", f"Osprey Bank bought Brightwell, {i}.") for i in range(number)]
    corpus = create_corpus(folder / "news", Manifest(name="news"), documents)
    mention = Mention(id="m", type="COMPANY", spans=(Span(0, 11),))
    corpus.write_layer(
        "gold", [Annotations(document=d.id, sha256=d.sha256, mentions=(mention,)) for d in documents]
    )
    return corpus


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program whose names stand in a module beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    (tmp_path / "rulesdata.py").write_text('NAMES="Osprey Bank"\n')
    (tmp_path / "ex2.py").write_text(
        "import json, re, sys\n"
        "from rulesdata import NAMES\n"
        "for line in sys.stdin:\n"
        "    d=json.loads(line)\n"
        '    found = re.finditer(NAMES, d["text"])\n'
        '    mentions = [{"type": "COMPANY", "spans": [list(x.span())]} for x in found]\n'
        '    print(json.dumps({"document": d["document"], "mentions": mentions}), flush=True)\n'
    )
    return tmp_path


def test_a_changed_module_beside_a_program_is_not_passed_over(helper: Path) -> None:
    corpus = news(helper, 40)
    command = ("eval", "run", "news", "--system", "a=cmd:python ex2.py")
    assert "reused" not in goldwire(*command).stdout
    again = goldwire(*command)
    assert re.search(
        r"reused 40 of 40 documents of \d+ \w+, \d\d:\d\d; --fresh runs them again\n", again.stdout
    )
    assert json.loads(goldwire(*command, "--json").stdout)[0]["reused"]["documents"] == 40
    (helper / "rulesdata.py").write_text('NAMES="Brightwell"\n')
    changed = goldwire(*command)
    assert "reused" not in changed.stdout
    assert {m.spans[0].start for a in corpus.layer("system/a").values() for m in a.mentions} == {19}


def test_a_missing_dependency_is_told_at_once_and_writes_no_layer(helper: Path) -> None:
    corpus = news(helper, 40)
    (helper / "missing-dependency.py").write_text("import torch_is_not_here\n")
    (helper / "missing.toml").write_text('[systems.mine]\nspec = "cmd:python missing-dependency.py"\n')
    done = goldwire("eval", "run", "news", "--systems", "missing.toml")
    assert done.returncode == 2
    assert "mine: no layer written: stopped after 5 of 40 documents: 5 documents failed alike" in done.stdout
    assert "exited with 1: ModuleNotFoundError: No module named 'torch_is_not_here'. Mend the" in done.stdout
    assert corpus.layers() == ["gold"]
    done = goldwire(
        "eval", "run", "news", "--systems", "missing.toml", "--keep-going", "--allow-failures", "40"
    )
    assert done.returncode == 2
    assert "none of 40 documents succeeded (40 documents: the program exited with 1:" in done.stdout
    assert corpus.layers() == ["gold"]


def test_a_dependency_that_goes_missing_leaves_the_layer_that_is_there_and_says_so(helper: Path) -> None:
    corpus = news(helper, 6)
    command = ("eval", "run", "news", "--system", "a=cmd:python ex2.py")
    goldwire(*command)
    layer = corpus.layer_path("system/a").read_bytes()
    (helper / "rulesdata.py").write_text("import torch_is_not_here\n")
    done = goldwire(*command)
    assert done.returncode == 2
    assert re.search(r"layer system/a stays as it was: made \d+ \w+, \d\d:\d\d\n", done.stdout)
    assert corpus.layer_path("system/a").read_bytes() == layer


FUSSY = """
def extract(document):
    if document.id in {failing}:
        raise ValueError("too hard")
    return {{}}
"""


@pytest.mark.parametrize(
    ("failing", "allowance", "status"),
    [
        (["d07"], [], 1),
        (["d07"], ["--allow-failures", "1"], 0),
        (["d07"], ["--allow-failures", "1%"], 1),
        (["d07", "d08"], ["--allow-failures", "5%"], 0),
        ([], [], 0),
    ],
)
def test_the_exit_says_whether_more_failed_than_may(
    helper: Path, failing: list[str], allowance: list[str], status: int
) -> None:
    corpus = news(helper, 40)
    (helper / "fussy.py").write_text(FUSSY.format(failing=failing))
    done = goldwire("eval", "run", "news", "--system", "f=python:fussy:extract", *allowance)
    assert done.returncode == status, done.stdout
    assert corpus.layers() == ["gold", "system/f"]
    assert ("--allow-failures 1 lets it pass" in done.stdout) is (status == 1)
    assert (f"failed on {len(failing)} of 40 documents" in done.stdout) is bool(failing)


def test_of_several_systems_the_worst_exit_counts(helper: Path) -> None:
    corpus = news(helper, 8)
    (helper / "fussy.py").write_text(FUSSY.format(failing=["d01"]))
    (helper / "dead.py").write_text(FUSSY.format(failing="[document.id]"))
    systems = [f"{name}=python:{name}:extract" for name in ("dead", "fussy")] + ["good=cmd:python ex2.py"]
    assert run_all(systems[1:]) == 1
    assert run_all(systems) == 2
    assert corpus.layers() == ["gold", "system/fussy", "system/good"]


def run_all(systems: list[str]) -> int:
    options = [part for system in systems for part in ("--system", system)]
    return goldwire("eval", "run", "news", *options).returncode


def test_many_failed_documents_are_counted_not_listed(helper: Path) -> None:
    news(helper, 40)
    (helper / "fussy.py").write_text(FUSSY.format(failing=[f"d{i:02}" for i in range(1, 40)]))
    done = goldwire("eval", "run", "news", "--system", "f=python:fussy:extract")
    assert "ValueError: too hard: d01, d02, d03, d04, d05, d06, d07, d08, d09, d10 and 29 more" in done.stdout


@pytest.mark.slow
def test_watched_files_are_named_on_the_command_line_and_in_the_file(helper: Path) -> None:
    news(helper, 6)
    (helper / "sub" / "model").mkdir(parents=True)
    weights = helper / "sub" / "model" / "weights"
    weights.write_text("1")
    (helper / "sub" / "s.toml").write_text('[systems.a]\nspec = "cmd:python ex2.py"\nwatch = ["model/"]\n')
    for command in (
        ["--systems", "sub/s.toml"],
        ["--system", "b=cmd:python ex2.py", "--watch", "b=sub/*/w*", "--watch", "b=ex2.py"],
    ):
        assert "reused" not in goldwire("eval", "run", "news", *command).stdout
        assert "reused 6 of 6" in goldwire("eval", "run", "news", *command).stdout
        weights.write_text(weights.read_text() + "2")
        assert "reused" not in goldwire("eval", "run", "news", *command).stdout
    done = goldwire("eval", "run", "news", "--system", "b=cmd:python ex2.py", "--watch", "b=absent/*")
    assert done.returncode == 2
    assert "watch: 'absent/*' names no file" in done.stdout


@pytest.mark.slow
def test_an_address_at_which_nobody_listens_is_tried_once_with_several_workers_too(helper: Path) -> None:
    """The usual patience is 0.5, 1 and 2 s between four tries; forty documents would take 70 s or more."""
    corpus = news(helper, 40)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    begun = time.perf_counter()
    done = goldwire("eval", "run", "news", "--system", f"w={url}", "--workers", "2")
    assert 3.5 <= time.perf_counter() - begun < 30
    assert done.returncode == 2
    assert re.search(
        r"stopped after 1 of 40 documents: nobody can be reached there: no answer \(nobody",
        done.stdout,
    )
    assert corpus.layers() == ["gold"]


def test_a_wrong_key_stops_several_workers_after_five_refusals(helper: Path, serving: ModuleType) -> None:
    """Counted in the order in which they arrive; each worker may have one more at hand and one in line."""
    corpus = news(helper, 40)
    with serving.serving(serving.Reply({"error": "no such key"}, 401)) as server:
        done = goldwire("eval", "run", "news", "--system", f"w={server.url}", "--workers", "2")
        assert 5 <= len(server.requests) <= 5 + 2 * 2
    assert done.returncode == 2
    assert "5 documents in a row were refused alike: the server answered 401" in done.stdout
    assert corpus.layers() == ["gold"]


@pytest.mark.slow
def test_a_run_that_failed_makes_no_baseline_and_is_not_judged(helper: Path) -> None:
    """The record says what failed; here it is written in as scoring will find it in the layer."""
    news(helper, 40)
    goldwire("eval", "run", "news", "--system", "mine=cmd:python ex2.py")
    scored = goldwire("eval", "score", "news", "--name", "now")
    assert scored.returncode == 0, scored.stderr
    path = helper / "news" / "records" / "now.json"
    gate = ("eval", "gate", str(path), "--baseline", "b.json", "--policy", "entities")
    assert goldwire(*gate, "--update").returncode == 0
    record = read_record(path)
    (layer,) = record.systems
    failed = msgspec.structs.replace(layer, failed=40, allowed=0)
    write_record(msgspec.structs.replace(record, systems=(failed,)), path)
    before = (helper / "b.json").read_bytes()
    for update in ([], ["--update"]):
        done = goldwire(*gate, *update)
        assert done.returncode == 2
        assert "could not judge, nor make a baseline: a run in the record failed" in done.stderr
        assert "mine failed on 40 of 40 documents (allowed: 0)" in done.stderr
        assert "COMPANY" not in done.stdout + done.stderr
    assert (helper / "b.json").read_bytes() == before
