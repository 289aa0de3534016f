"""Files of format 3, whose fingerprints were of another kind, beside a corpus that is scored now.

`demo/record.json` and `demo/baseline.json` are what the last version that wrote this format made of the demo:
`eval run` of lexicon and spacy-sm (the predictions that come with the corpus) on mazar-2021, `eval score
--suite default`, `eval gate --update`. What must come out is known without them: it is the same corpus, so
that nothing differs; where gold is changed by hand, the unit that was changed does.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.corpora import library
from goldwire.corpora.store import open_corpus
from goldwire.eval.comparison.compare import iter_faults, iter_remarks
from goldwire.eval.comparison.kinds import tell
from goldwire.eval.comparison.same import iter_differences, iter_unlike
from goldwire.eval.gate.baseline import read_baseline
from goldwire.eval.scoring.files import read_record
from goldwire.eval.scoring.record import Record

OLD = Path(__file__).parent / "demo"
Call = Callable[..., Any]
TOLD = "is of an earlier format, whose fingerprints are of another kind"


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of the demo with its two systems, scored now."""
    from typer.testing import CliRunner

    from goldwire.cli import app

    folder = tmp_path_factory.mktemp("demo") / "corpus"
    library.copy("mazar-2021", folder)
    predictions = folder / "predictions" / "spacy-sm.jsonl"
    for command in (
        ["run", str(folder), "--system", "lexicon=lexicon", "--system", f"spacy-sm=file:{predictions}"],
        ["score", str(folder), "--suite", "default"],
    ):
        done = CliRunner().invoke(app, ["eval", *command])
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def corpus(scored: Path, tmp_path: Path) -> Path:
    """A copy of it, to write into, with the old record beside the new one."""
    folder = tmp_path / "corpus"
    shutil.copytree(scored, folder)
    shutil.copy(OLD / "record.json", folder / "records" / "old.json")
    shutil.copy(OLD / "baseline.json", tmp_path / "baseline.json")
    return folder


@pytest.fixture
def new(scored: Path) -> Record:
    return read_record(scored / "records" / "default.json")


@pytest.fixture
def old() -> Record:
    return read_record(OLD / "record.json")


def words(said: Any) -> str:
    return " ".join((said.out + said.err).split())


def test_the_formats_are_what_they_are_taken_for(old: Record, new: Record) -> None:
    assert (old.format, read_baseline(OLD / "baseline.json").record.format, new.format) == (3, 3, 4)
    assert old.gold.fingerprint != new.gold.fingerprint
    assert [result.value for result in old.results] == [result.value for result in new.results]


def test_an_old_record_is_of_the_same_gold_and_it_is_said_how_that_is_known(old: Record, new: Record) -> None:
    assert list(iter_differences(old, new)) == list(iter_differences(new, old)) == []
    [said] = tell(old, new, ("old", "new"))
    assert said.startswith(f"old {TOLD}")
    assert "names, documents, hashes of texts and how many units gold has in each document under each" in said
    assert "(entity, " in said
    assert next(tell(old, new, ("a", "b"), "mend a")).endswith("mend a to be sure")
    assert next(tell(new, old, ("a", "b"), "mend a")).endswith("score it again to be sure")
    assert not list(tell(new, new, ("a", "b")))
    assert not list(tell(old, old, ("a", "b")))


def test_compare_says_it_before_the_figures(corpus: Path, said_by: Call) -> None:
    records = corpus / "records"
    said = words(said_by("eval", "compare", records / "old.json", records / "default.json"))
    assert -1 < said.index(TOLD) < said.index("lexicon")
    assert "old is of an earlier format" in said
    assert TOLD not in words(said_by("eval", "compare", records / "default.json"))


def test_reports_of_both_say_it_and_of_one_do_not(corpus: Path, said_by: Call, tmp_path: Path) -> None:
    records, page = corpus / "records", tmp_path / "report.html"
    both = "eval", "report", records / "old.json", records / "default.json"
    assert said_by(*both, "--html", page).code == 0
    assert TOLD in words(said_by(*both))
    assert TOLD in page.read_text("utf-8")
    for name in ("old", "default"):
        said = said_by("eval", "report", records / f"{name}.json", "--html", page)
        assert said.code == 0, said.err
        assert TOLD not in words(said)


def test_the_gate_says_it_everywhere(corpus: Path, said_by: Call, tmp_path: Path) -> None:
    record, files = corpus / "records" / "default.json", [tmp_path / "summary.md", tmp_path / "junit.xml"]
    baseline = ("--baseline", tmp_path / "baseline.json")
    said = said_by("eval", "gate", record, *baseline, "--markdown", files[0], "--junit", files[1])
    assert said.code == 0, said.err
    assert f"note the baseline {TOLD}" in words(said)
    assert "write a new one with --update to be sure" in words(said)
    for file in files:
        assert TOLD in file.read_text("utf-8")
    updated = said_by("eval", "gate", record, *baseline, "--update")
    assert "format: 3, now 4" in words(updated)
    assert TOLD not in words(said_by("eval", "gate", record, *baseline))


def test_an_old_record_is_gated_by_a_new_baseline_and_by_an_old_one(
    corpus: Path, said_by: Call, tmp_path: Path
) -> None:
    old, new = corpus / "records" / "old.json", corpus / "records" / "default.json"
    said = said_by("eval", "gate", old, "--baseline", tmp_path / "baseline.json")
    assert (said.code, TOLD in words(said)) == (0, False)
    assert said_by("eval", "gate", new, "--baseline", tmp_path / "new.json", "--update").code == 0
    said = said_by("eval", "gate", old, "--baseline", tmp_path / "new.json")
    assert said.code == 0, said.err
    assert f"the record {TOLD}" in words(said)
    # a baseline that was made of an old record is of the kind of that record
    assert said_by("eval", "gate", old, "--baseline", tmp_path / "again.json", "--update").code == 0
    assert TOLD in words(said_by("eval", "gate", new, "--baseline", tmp_path / "again.json"))


# ---------------------------------------------------------------- what is changed is found
def rewrite(corpus: Path, layer: str, change: Callable[[Any], Any]) -> str:
    """Change the first mention of a layer; the document it is in."""
    opened = open_corpus(corpus)
    lines = opened.layer(layer)
    id = next(id for id in sorted(lines) if lines[id].mentions)
    first, *rest = lines[id].mentions
    mentions = (*change(first), *rest)
    lines[id] = msgspec.structs.replace(lines[id], mentions=mentions, events=(), relations=())
    opened.write_layer(layer, lines.values())
    return id


def test_gold_with_another_label_is_another_gold(corpus: Path, said_by: Call, tmp_path: Path) -> None:
    id = rewrite(corpus, "gold", lambda m: [msgspec.structs.replace(m, type="TIME")])
    before = dict(labels(read_record(corpus / "records" / "default.json"), id))
    assert said_by("eval", "score", corpus, "--suite", "default").code == 0
    said = said_by(
        "eval", "gate", corpus / "records" / "default.json", "--baseline", tmp_path / "baseline.json"
    )
    assert said.code == 2
    assert "units of gold by entity: the baseline has" in words(said)
    assert f"in {id}: {before['TIME']}" in words(said)
    assert f"in {id}: {before['TIME'] + 1}" in words(said)


def labels(record: Record, id: str) -> Iterator[tuple[str, int]]:
    """How many mentions of each type gold has in a document, and 0 of TIME if none."""
    counts = record.get_counts(record.systems[0].name, "entity")
    yield "TIME", 0
    for place, label, row in zip(counts.document, counts.label, counts.values, strict=True):
        if counts.documents[place] == id:
            yield counts.labels[label], int(row[3])


def test_a_layer_that_changed_since_an_old_record_is_not_reported_as_its_own(
    corpus: Path, said_by: Call, tmp_path: Path
) -> None:
    page = ("--html", tmp_path / "report.html")
    assert said_by("eval", "report", corpus / "records" / "old.json", *page).code == 0
    rewrite(corpus, "system/lexicon", lambda _: [])
    said = said_by("eval", "report", corpus / "records" / "old.json", *page)
    assert "changed since the record was made: system/lexicon" in words(said)


def test_texts_that_changed_since_an_old_record_are_told(corpus: Path, said_by: Call, tmp_path: Path) -> None:
    lines = (corpus / "documents.jsonl").read_bytes().splitlines(keepends=True)
    first = json.loads(lines[0])
    first["excluded"] = [{"start": 0, "end": 1, "reason": "test"}]
    (corpus / "documents.jsonl").write_bytes(json.dumps(first).encode() + b"\n" + b"".join(lines[1:]))
    said = said_by("eval", "report", corpus / "records" / "old.json", "--html", tmp_path / "report.html")
    assert "changed since the record was made: the texts" in words(said)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda r: msgspec.structs.replace(r, corpus=replaced(r.corpus, version="2")), "corpus"),
        (lambda r: msgspec.structs.replace(r, gold=replaced(r.gold, layer="gold-2")), "gold"),
        (lambda r: msgspec.structs.replace(r, gold=replaced(r.gold, documents=17)), "documents of which"),
        (lambda r: msgspec.structs.replace(r, texts=("0" * 12, *r.texts[1:])), "was corrected"),
        (lambda r: msgspec.structs.replace(r, documents=("a", *r.documents[1:])), "documents"),
    ],
)
def test_names_texts_and_documents_tell_records_of_both_kinds_apart(
    change: Callable[[Record], Record], what: str, old: Record, new: Record
) -> None:
    found = [difference.what for difference in iter_differences(change(old), new)]
    assert len(found) == 1
    assert what in found[0]


def replaced(facts: Any, **values: Any) -> Any:
    return msgspec.structs.replace(facts, **values)


def test_of_three_records_those_of_one_kind_are_held_against_each_other(old: Record, new: Record) -> None:
    """Other gold with as many units is found where fingerprints can tell, whichever record is first."""
    other = replaced(new, gold=replaced(new.gold, fingerprint="0" * 12))
    assert not list(iter_faults({"old": old, "other": other}))  # counts do not tell
    for order in ("old new other", "new old other", "new other old"):
        records = {name: {"old": old, "new": new, "other": other}[name] for name in order.split()}
        assert [fault.split(":")[0] for fault in iter_faults(records)] == ["gold"]
        assert len(list(iter_remarks(records))) == 1


def test_results_of_both_kinds_do_not_stand_in_one_record(corpus: Path, said_by: Call) -> None:
    shutil.copy(OLD / "record.json", corpus / "records" / "default.json")
    said = said_by("eval", "score", corpus, "--suite", "default", "--system", "lexicon")
    assert said.code == 2
    assert "format, with fingerprints of another kind: 3, now 4" in words(said)
    said = said_by("eval", "score", corpus, "--suite", "default", "--system", "lexicon", "--replace")
    assert said.code == 0
    assert "not as before: format, with fingerprints of another kind: 3, now 4" in words(said)


def test_unlike_records_are_told_by_format_and_not_by_two_fingerprints(old: Record, new: Record) -> None:
    whats = [difference.what for difference in iter_unlike(old, new)]
    assert whats == ["format, with fingerprints of another kind"]
