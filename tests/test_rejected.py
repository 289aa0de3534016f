"""Rejected units: the same by every way in, kept in the line and in quarantine, their kinds in the docs."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import rejected
from goldwire.corpora.codec import read_lines
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Excluded, Rejected

PAGE = Path(__file__).parent.parent / "docs" / "rejected.md"
TEXT = "Rebels hit Northville on Monday.\n"
#       0      7   11        22 25
NORTHVILLE = {"type": "GPE", "spans": [[11, 21]], "text": "Northville"}
REBELS = {"id": "r", "type": "MIL", "spans": [[0, 6]]}


def goldwire(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "goldwire", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document("a", TEXT), make_document("b", "Nothing happened.")]
    return create_corpus(tmp_path / "work", Manifest(name="work", ontology="conflict"), documents)


def write(corpus: Corpus, *lines: dict[str, Any]) -> Path:
    path = corpus.path.parent / "predictions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def both(corpus: Corpus, **line: Any) -> tuple[Rejected, ...]:
    """What is in the line of `a` after an import, having checked that a run leaves the very same."""
    path = write(corpus, {"document": "a", **line}, {"document": "b"})
    done = goldwire("corpus", "import", corpus.path, path, "--layer", "system/p")
    assert done.returncode == 0, done.stderr
    assert goldwire("eval", "run", corpus.path, "--system", f"q=file:{path}").returncode == 0
    imported, run = corpus.layer("system/p")["a"], corpus.layer("system/q")["a"]
    assert (run.mentions, run.events, run.relations) == (
        imported.mentions,
        imported.events,
        imported.relations,
    )
    assert run.rejected == imported.rejected
    return imported.rejected


def units(found: tuple[Rejected, ...]) -> list[tuple[Any, ...]]:
    assert {item.kind for item in found} <= rejected.KINDS.keys()
    return [(r.unit, r.kind, r.type, r.role, r.spans, r.trigger) for r in found]


def test_the_table_in_the_docs_is_the_list_of_kinds() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    shown = {kind: what for kind, what in rows if kind not in Rejected.__struct_fields__}
    assert shown == rejected.KINDS
    assert {*rejected.IN_PLACE, *rejected.TOLD_ONLY} <= rejected.KINDS.keys()


def test_predictions_that_are_wrong_enough_do_not_leave_the_layer(corpus: Corpus) -> None:
    found = both(
        corpus,
        mentions=[
            NORTHVILLE,
            {"type": "GPE", "spans": [[0, 6]], "text": "Rebel"},
            {"type": "GPE", "spans": [[25, 31]], "text": "monday"},
            {"type": "CITY", "spans": [[25, 31]], "text": "Monday"},
        ],
    )
    assert units(found) == [
        ("mention", "words-differ", "GPE", None, ((0, 6),), ()),
        ("mention", "words-differ", "GPE", None, ((25, 31),), ()),
        ("mention", "unknown-type", "CITY", None, ((25, 31),), ()),
    ]
    assert [item.words for item in found] == ["Rebel", "monday", None]
    assert len(corpus.layer("system/p")["a"].mentions) == 1


def test_offsets_are_kept_as_they_were_given(corpus: Corpus) -> None:
    given = [[[-4, 3]], [[25, 900]], [[25, 25]], [], [[7, 10], [0, 6]], [[0, 10**30]], [["0", "6"]]]
    found = both(corpus, mentions=[NORTHVILLE, *({"type": "GPE", "spans": spans} for spans in given)])
    assert sorted((item.kind, item.spans) for item in found) == [
        ("empty-span", ()),
        ("empty-span", ((25, 25),)),
        ("malformed", ()),  # no integers
        ("outside-text", ()),  # no integer of 64 bits
        ("outside-text", ((-4, 3),)),
        ("outside-text", ((25, 900),)),
        ("parts-out-of-order", ((7, 10), (0, 6))),
    ]


def test_an_event_is_rejected_with_its_arguments_however_it_is_wrong(corpus: Corpus) -> None:
    arguments = [{"role": "attacker", "mention": "r"}, {"role": "target", "spans": [[11, 21]]}]
    attack = {"type": "Attack", "trigger": [[7, 10]], "arguments": arguments}
    wrong = [{**attack, "type": "Picnic"}, {**attack, "text": "hits"}, {**attack, "score": "high"}]
    found = both(corpus, mentions=[NORTHVILLE, REBELS], events=wrong)
    expected = [
        row
        for kind, type in [("words-differ", "Attack"), ("malformed", "Attack"), ("unknown-type", "Picnic")]
        for row in [
            ("event", kind, type, None, ((7, 10),), ()),
            ("argument", kind, type, "attacker", ((0, 6),), ((7, 10),)),
            ("argument", kind, type, "target", ((11, 21),), ((7, 10),)),
        ]
    ]
    assert units(found) == expected


def test_arguments_and_relations_go_with_their_mentions(corpus: Corpus) -> None:
    mentions = [
        NORTHVILLE,
        {**REBELS, "text": "Rebel"},
        {"id": "c", "type": "CITY", "spans": [[25, 31]]},
    ]
    arguments = [
        {"role": "attacker", "mention": "r"},
        {"role": "target", "mention": "c"},
        {"role": "target", "mention": "nobody"},
        {"role": "victim", "spans": [[11, 21]]},
        {"role": "instrument", "spans": [[11, 21]]},
        {"mention": "r"},
    ]
    attack = {"type": "Attack", "trigger": [[7, 10]], "arguments": arguments}
    relation = {"id": "x", "type": "near", "source": "r", "target": "c"}
    found = both(corpus, mentions=mentions, events=[attack], relations=[relation])
    hit = ((7, 10),)
    assert units(found)[:2] == [
        ("mention", "words-differ", "MIL", None, ((0, 6),), ()),
        ("argument", "malformed", "Attack", None, ((0, 6),), hit),
    ]
    assert units(found)[2:] == [
        ("mention", "unknown-type", "CITY", None, ((25, 31),), ()),
        ("argument", "no-mention", "Attack", "attacker", ((0, 6),), hit),
        ("argument", "filler-not-allowed", "Attack", "target", ((25, 31),), hit),
        ("argument", "no-mention", "Attack", "target", (), hit),
        ("argument", "unknown-role", "Attack", "victim", ((11, 21),), hit),
        ("argument", "filler-not-allowed", "Attack", "instrument", ((11, 21),), hit),
        ("relation", "no-mention", "near", None, ((0, 6),), ()),
    ]


def test_what_is_repaired_or_said_twice_is_not_rejected(corpus: Corpus) -> None:
    again = {"id": "r", "type": "MIL", "spans": [[0, 6]]}
    assert both(corpus, mentions=[REBELS, again, {"type": "GPE", "spans": [[11, 21]]}]) == ()


def test_what_a_label_map_leaves_out_takes_along_what_hangs_on_it(corpus: Corpus) -> None:
    labels = corpus.path.parent / "map.toml"
    labels.write_text('[mentions]\nCITY = ""\n[events]\nPicnic = ""\n[roles]\n"Attack.victim" = ""\n')
    arguments = [{"role": "target", "mention": "c"}, {"role": "victim", "mention": "r"}]
    events = [
        {"type": "Attack", "trigger": [[7, 10]], "arguments": arguments},
        {"type": "Picnic", "trigger": [[7, 999]], "text": "no", "arguments": arguments},
    ]
    mentions = [REBELS, {"id": "c", "type": "CITY", "spans": [[25, 31]], "text": "monday"}]
    relations = [{"id": "x", "type": "near", "source": "r", "target": "c"}]
    line = {"document": "a", "mentions": mentions, "events": events, "relations": relations}
    path = write(corpus, line)
    goldwire("eval", "run", corpus.path, "--system", f"q=file:{path}", "--labels", f"q={labels}")
    assert (
        units(corpus.layer("system/q")["a"].rejected)
        == [
            ("relation", "unknown-type", "near", None, ((0, 6),), ()),
        ][:0]
    )
    assert [event.arguments for event in corpus.layer("system/q")["a"].events] == [()]


def test_nothing_in_an_excluded_region_is_kept_against_a_system(tmp_path: Path) -> None:
    document = make_document("a", TEXT, excluded=(Excluded(start=22, end=33, reason="teaser"),))
    made = create_corpus(tmp_path / "work", Manifest(name="work", ontology="conflict"), [document])
    monday = {"type": "CITY", "spans": [[25, 31]], "text": "monday"}
    path = write(made, {"document": "a", "mentions": [NORTHVILLE, monday]})
    goldwire("corpus", "import", made.path, path, "--layer", "system/p")
    assert made.layer("system/p")["a"].rejected == ()
    made.write_layer("gold", made.layer("system/p").values())
    goldwire("eval", "run", made.path, "--system", f"q=file:{path}")
    assert "rejected when it was run" not in goldwire("eval", "score", made.path).stdout


def test_quarantine_says_where_and_has_the_thing_itself(corpus: Corpus) -> None:
    wrong = {"type": "GPE", "spans": [[0, 6]], "text": "Rebel"}
    both(corpus, mentions=[NORTHVILLE, wrong])
    (imported,) = read_lines(corpus.quarantine_path("system/p"), Rejected)
    assert (imported.document, imported.path, imported.value) == ("a", "$.mentions[1]", wrong)
    assert imported.where == f"{corpus.path.parent / 'predictions.jsonl'}:1"
    (run,) = read_lines(corpus.path / "runs/q/quarantine.jsonl", Rejected)
    assert (run.kind, run.value) == (imported.kind, wrong)


def test_lines_without_rejected_units_say_nothing_of_them(corpus: Corpus) -> None:
    both(corpus, mentions=[NORTHVILLE])
    assert b"rejected" not in corpus.layer_path("system/p").read_bytes()
    assert not corpus.quarantine_path("system/p").exists()


def test_where_everything_was_rejected_the_layer_that_is_there_stays(corpus: Corpus) -> None:
    both(corpus, mentions=[NORTHVILLE])
    before = corpus.layer_path("system/p").read_bytes()
    path = write(corpus, {"document": "a", "mentions": [{"type": "CITY", "spans": [[11, 21]]}]})
    done = goldwire("corpus", "import", corpus.path, path, "--layer", "system/p", "--replace")
    assert done.returncode == 1
    assert "everything was rejected; layer system/p was not written" in done.stdout
    assert "rejected: 1 unknown-type; see" in done.stdout
    assert corpus.layer_path("system/p").read_bytes() == before
    assert goldwire("corpus", "import", corpus.path, path, "--layer", "system/new").returncode == 1
    assert "system/new" not in corpus.layers()


def test_failed_documents_are_told_and_are_lines_of_the_layer(corpus: Corpus) -> None:
    path = write(corpus, {"document": "a", "mentions": [NORTHVILLE]}, {"document": "b", "error": "too long"})
    done = goldwire("corpus", "import", corpus.path, path, "--layer", "system/p")
    assert (done.returncode, "failed on 1 of 2 documents, which count as empty" in done.stdout) == (0, True)
    assert corpus.layer("system/p")["b"].provenance.details == {"failed": "too long"}
    assert "failed: 1 document(s)" in goldwire("corpus", "stats", corpus.path).stdout


def test_a_corpus_with_rejected_units_is_sound_and_counts_them(corpus: Corpus) -> None:
    both(corpus, mentions=[NORTHVILLE, {"type": "CITY", "spans": [[0, 6]]}])
    assert goldwire("corpus", "validate", corpus.path).returncode == 0
    assert "rejected: unknown-type 1" in goldwire("corpus", "stats", corpus.path).stdout
    done = goldwire("corpus", "export", corpus.path, corpus.path.parent / "out", "--layer", "system/p",
                    "--format", "brat")  # fmt: skip
    assert "1 rejected units" in done.stdout
