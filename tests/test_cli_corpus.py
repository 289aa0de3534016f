"""`goldwire corpus` as people and programs call it: output, exit codes, no traceback."""

import json
import re
import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora.store import open_corpus

Call = Callable[..., Any]


@pytest.fixture
def corpus(said_by: Call) -> Call:
    """Call `goldwire corpus …`."""
    return partial(said_by, "corpus")


@pytest.fixture
def news(tmp_path: Path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.txt").write_text("River rises\n\nThe river rose.\nAdvertisement\n")
    (folder / "b.txt").write_text("Rain fell in Herat.")
    return folder


def test_articles_make_a_corpus_that_is_shown_counted_and_sound(
    corpus: Call, news: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    said = corpus("new", work, "--from", news, "--json")
    assert said.code == 0
    assert said.json == {
        "corpus": str(work), "fingerprint": said.json["fingerprint"], "documents": 2, "independent": 2,
        "added": 2,
        "excluded": {"advertisement": 1}, "layers": [], "notes": [],
    }  # fmt: skip
    assert "2 document(s), 0 of them new" in corpus("new", work, "--from", news).out
    assert "River rises" in corpus("show", work).out
    assert corpus("show", work, "--json").json["manifest"]["ontology"] == "conflict"
    assert "⟦advertisement: Advertisement⟧" in corpus("show", work, "a").out
    assert corpus("show", work, "a", "--json").json["meta"] == {"title": "River rises"}
    assert corpus("stats", work, "--json").json["texts"]["documents"] == 2
    assert "2 document(s)" in corpus("stats", work).out
    assert corpus("validate", work).code == 0


def test_commands_that_are_told_can_be_copied_into_a_shell_whatever_a_folder_is_called(
    said_by: Call, news: Path, tmp_path: Path
) -> None:
    work = tmp_path / "it's my $(news)"
    shown, *_ = _told(said_by("corpus", "new", work, "--from", news).out)
    assert shown == ["corpus", "show", str(work)]
    assert said_by(*shown).code == 0
    assert said_by("eval", "run", work, "--system", "rules=lexicon").code == 0
    (work / "layers" / "gold.jsonl").write_bytes((work / "layers/system/rules.jsonl").read_bytes())
    [report] = _told(said_by("eval", "score", work).err)
    assert report == ["eval", "report", str(work / "records" / "default.json")]
    assert said_by(*report).code == 0
    [merge] = _told(said_by("eval", "score", work, "--part", "1/1", "--parts", tmp_path / "my parts").err)
    assert said_by(*merge).code == 0


def _told(text: str) -> list[list[str]]:
    """The commands in an output, as a shell takes them."""
    return [
        shlex.split(told)
        for told in re.findall(r"goldwire ((?:corpus|eval|annotate) .+?)(?:,|$)", text, re.MULTILINE)
    ]


def test_validate_exits_1_and_names_every_fault(corpus: Call, news: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    corpus("new", work, "--from", news)
    sha256 = corpus("show", work, "b", "--json").json["sha256"]
    spans = {"id": "m", "type": "WHAT", "spans": [[90, 95]]}
    (work / "layers/gold.jsonl").write_text(
        json.dumps({"document": "b", "sha256": sha256, "mentions": [spans]}) + "\n"
    )
    (work / "layers/torn.jsonl").write_text('{"document":')
    said = corpus("validate", work)
    assert said.code == 1
    assert "gold: 2 fault(s)" in said.out
    assert "torn: 1 fault(s)" in said.out
    found = corpus("validate", work, "--json", "--layer", "gold")
    assert found.code == 1
    assert [fault["path"] for fault in found.json["faults"]["gold"]] == [
        "$.mentions[0].spans[0]",
        "$.mentions[0].type",
    ]
    documents = work / "documents.jsonl"
    documents.write_bytes(documents.read_bytes().replace(b"Herat", b"Balkh"))
    said = corpus("validate", work)
    assert said.code == 1
    assert "documents: 1 fault(s)" in said.out


def test_documents_are_added_once(corpus: Call, news: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    corpus("new", work, "--from", news / "a.txt")
    assert corpus("add", work, "--from", news, "--json").json["added"] == 1
    assert corpus("add", work, "--from", news, "--json").json["added"] == 0
    assert corpus("show", work, "--json").json["documents"][1]["id"] == "b"


def test_files_that_a_shell_writes_out_behind_one_option_are_all_taken(
    corpus: Call, news: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    assert corpus("new", work, "--from", *sorted(news.glob("*.txt")), "--json").json["documents"] == 2
    (news / "c.txt").write_text("Sun.")
    assert corpus("add", work, "--from", *sorted(news.glob("*.txt")), "--json").json["added"] == 1


def test_splits_are_set_and_shown(corpus: Call, news: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    corpus("new", work, "--from", news, "--split", "train=0.5,test=0.5")
    shown = corpus("split", work, "--json").json
    assert sorted(id for ids in shown["documents"].values() for id in ids) == ["a", "b"]
    assert corpus("split", work, "--shares", "all=1", "--json").json["documents"] == {"all": ["a", "b"]}
    assert "all: 2 document(s)" in corpus("split", work).out
    assert corpus("split", work, "--shares", "all=2").code == 2


def test_what_is_wrong_exits_2_with_a_message_and_no_traceback(
    corpus: Call, news: Path, tmp_path: Path
) -> None:
    (news / "c.txt").write_bytes(b"\xff\x00")
    said = corpus("new", tmp_path / "work", "--from", news)
    assert said.code == 2
    assert said.err.startswith("goldwire: 1 fault(s) in what was given")
    assert "Traceback" not in said.err
    assert not (tmp_path / "work").exists()
    assert corpus("show", tmp_path / "work").code == 2
    assert corpus("show").code == 2


def test_articles_come_with_the_gold_that_ships(corpus: Call, articles: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    said = corpus("new", work, "--from", articles, "--json")
    assert said.json["layers"] == ["gold"]
    assert said.json["excluded"] == {"cookie notice": 1, "teaser": 1}
    assert "mazar-articles" in said.err
    assert corpus("validate", work).code == 0
    assert "layer gold covers 2 of 2 documents\n" in corpus("stats", work).out


def test_ontologies_are_listed_shown_checked_and_compared(corpus: Call, tmp_path: Path) -> None:
    assert "conflict" in [row["name"] for row in corpus("ontology", "list", "--json").json]
    assert "TakeTerritory" in corpus("ontology", "show", "conflict").out
    assert "Attack" in corpus("ontology", "show", "conflict", "--json").json["events"]
    assert corpus("ontology", "check", "conflict").code == 0
    bad = tmp_path / "bad.toml"
    bad.write_text('name = "x"\nversion = "1"\n[groups]\nA = ["B"]\n')
    said = corpus("ontology", "check", bad)
    assert said.code == 1
    assert "group A: 'B' is not an entity type" in said.out
    good = tmp_path / "good.toml"
    good.write_text('name = "x"\nversion = "1"\n[entities.PER]\n')
    assert "removed entities.GPE" in corpus("ontology", "diff", "conflict", good).out
    assert corpus("ontology", "diff", good, good).out == "no difference in what may be annotated\n"


def test_a_corpus_of_copies_says_how_many_documents_are_independent(corpus: Call, tmp_path: Path) -> None:
    # Two reports of 60 words, each printed ten times with another number of the edition.
    for k in range(20):
        words = " ".join(f"{'river' if k % 2 else 'market'}{i}" for i in range(60))
        (tmp_path / f"d{k}.txt").write_text(f"{words} {k}")
    said = corpus("new", tmp_path / "w", "--from", *tmp_path.glob("*.txt"))
    assert "20 document(s) in 2 group(s) of near-duplicates, 20 of them new" in said.out
    again = corpus("new", tmp_path / "w", "--from", *tmp_path.glob("*.txt"), "--json").json
    assert (again["documents"], again["independent"]) == (20, 2)


def test_near_duplicates_are_shown(corpus: Call, news: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (news / "c.txt").write_text("RAIN fell in Herat")
    corpus("new", work, "--from", news)
    shown = corpus("dedupe", work, "--json").json
    assert shown == {"groups": {"b": ["b", "c"]}, "pairs": [{"first": "b", "second": "c", "similarity": 1.0}]}
    assert "100% alike" in corpus("dedupe", work).out
    assert "groups of near-duplicates: 1" in corpus("stats", work).out


def test_annotated_files_make_a_corpus_and_more_layers(corpus: Call, tmp_path: Path) -> None:
    gold, system, work = tmp_path / "gold.conll", tmp_path / "system.conll", tmp_path / "work"
    gold.write_text("Rain\tO\nin\tO\nHerat\tB-LOC\n\nAnna\tB-PER\nsang\tO\n")
    system.write_text("Rain O\nin O\nHerat I-LOC\n\nAnna O\nsang O\n")
    made = corpus("new", work, "--from", gold, "--format", "conll", "--layer", "gold", "--json").json
    assert (made["documents"], made["layers"], made["loss"], made["rejected"]) == (2, ["gold"], {}, {})
    assert corpus("new", work, "--from", gold, "--format", "conll", "--json").json["added"] == 0
    said = corpus("import", work, system, "--format", "conll", "--layer", "system/x", "-o", "policy=strict")
    assert said.out.splitlines() == [
        f"{work}: layer system/x with 2 document(s)", "not kept: nothing", "rejected: nothing",
    ]  # fmt: skip
    assert "policy strict" in said.err
    assert corpus("validate", work).code == 0
    out = tmp_path / "out.conll"
    exported = corpus("export", work, out, "--layer", "gold", "--format", "conll", "--json").json
    assert exported["loss"] == {"provenance": 2}  # how the tags were read
    assert "Herat\tB-LOC" in out.read_text()


def test_import_names_files_or_what_ships_and_options_have_values(
    corpus: Call, news: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    corpus("new", work, "--from", news)
    for arguments in (
        ("import", work, "--layer", "x"),
        ("import", work, news / "a.txt", "--layer", "x", "--library", "mazar-articles"),
        ("import", work, news / "a.txt", "--layer", "x", "-o", "policy"),
        ("import", work, news / "nothing.jsonl", "--layer", "x"),
        ("export", work, tmp_path / "out", "--layer", "nothing"),
        ("formats", "nothing"),
    ):
        said = corpus(*arguments)
        assert said.code == 2
        assert said.err.startswith("goldwire: ")


def test_formats_are_listed_and_explained(corpus: Call) -> None:
    rows = {row["name"]: row for row in corpus("formats", "--json").json}
    assert {"goldwire", "conll", "brat", "doccano", "spacy", "huggingface"} < rows.keys()
    assert [rows[name]["writes"] for name in ("conll", "re3d")] == [True, False]
    assert "policy: 'conlleval'" in corpus("formats", "conll").out
    assert "documents not in its files: not judged" in corpus("formats", "conll").out
    assert "conll" in corpus("formats").out


COMMANDS = ["new", "add", "show", "validate", "stats", "split", "dedupe", "import", "cover", "export"]
COMMANDS += ["formats"]
OF_ONTOLOGY = ["list", "show", "check", "diff"]


@pytest.mark.parametrize("command", [*([name] for name in COMMANDS), *(["ontology", n] for n in OF_ONTOLOGY)])
def test_every_command_has_help_with_an_example_and_json(corpus: Call, command: list[str]) -> None:
    said = corpus(*command, "--help")
    assert said.code == 0
    assert f"goldwire corpus {' '.join(command)}" in said.out.partition("Example")[2]
    assert "--json" in said.out


TWO_COLUMNS = "Anna B-PER B-author\nmet O O\nTom B-PER O\n"


def test_two_columns_of_tags_become_two_layers(corpus: Call, tmp_path: Path) -> None:
    """A gold and a system, or coarse and fine types; one layer for two columns is refused."""
    file = tmp_path / "x.conll"
    file.write_text(TWO_COLUMNS)
    work = tmp_path / "work"
    both = ("-o", "tag=2,3", "--layer")
    made = corpus("new", work, "--from", file, *both, "gold,fine")
    assert made.code == 0, made.err
    layers = {name: open_corpus(work).layer(name) for name in ("gold", "fine")}
    types = {name: [m.type for line in each.values() for m in line.mentions] for name, each in layers.items()}
    assert types == {"gold": ["PER", "PER"], "fine": ["author"]}
    assert [item["layer"] for item in corpus("import", work, file, *both, "a,b", "--json").json] == ["a", "b"]
    for wrong, told in (("gold", "name a layer for each column"), ("c,c", "a layer of its own")):
        refused = corpus("import", work, file, *both, wrong)
        assert refused.code == 2
        assert told in refused.err
