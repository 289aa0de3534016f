"""A text is corrected under its id: what is the same goes over, the old is kept, and nothing is half done."""

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from goldwire import testing
from goldwire.corpora import pending, versions
from goldwire.corpora.correct import correct
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.pending import PENDING
from goldwire.corpora.store import (
    Corpus,
    Manifest,
    Splits,
    create_corpus,
    make_document,
    open_corpus,
)
from goldwire.corpora.tokens import keep
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Excluded,
    Meta,
    Provenance,
    Span,
)
from goldwire.corpora.validate import corpus_faults

Call = Callable[..., Any]
TEXT = "Rebels shelled Balkh on Monday."
D1 = make_document("d1", TEXT)
D2 = make_document("d2", "Rain fell in Herat.")


def line(document: Document, *spans: tuple[int, int], **fields: Any) -> Annotations:
    mentions = (testing.mention(ends, "GPE", id=f"m{n}") for n, ends in enumerate(spans, start=1))
    return testing.annotate(document, *mentions, **fields)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Gold of two documents, an annotator and a system; Rebels and Balkh are marked in the first."""
    trigger = Event(id="e", type="Attack", trigger=(Span(7, 14),))
    return create_corpus(
        tmp_path / "work",
        Manifest(name="work", splits=Splits({"train": 0.5, "test": 0.5})),
        [D1, D2],
        layers={
            "gold": [line(D1, (0, 6), (15, 20), events=(trigger,)), line(D2, (13, 18))],
            "annotator/anna": [line(D1, (15, 20), provenance=Provenance(author="anna", status="submitted"))],
            "system/a": [line(D1, (15, 20)), line(D2, (13, 18))],
        },
    )


@pytest.fixture
def call(said_by: Call) -> Call:
    """Call `goldwire corpus …`."""
    return partial(said_by, "corpus")


def there(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


# ---------------------------------------------------------------- what a correction does
def test_a_new_text_stands_under_the_id_and_annotations_go_over_where_words_are_the_same(
    corpus: Corpus,
) -> None:
    text = "On Monday rebels shelled Balch. Rebels shelled Balkh on Monday."
    correct(corpus, "d1", text)
    assert (corpus.document("d1").text, corpus.document("d2")) == (text, D2)
    gold = corpus.layer("gold")
    assert [text[slice(*one.spans[0])] for one in gold["d1"].mentions] == ["Rebels", "Balkh"]
    assert gold["d1"].events[0].trigger == (Span(39, 46),)
    assert gold["d2"] == line(D2, (13, 18))
    assert corpus_faults(corpus) == {}


def test_the_old_text_is_kept_with_its_layers_as_a_corpus_that_commands_read(
    corpus: Corpus, call: Call
) -> None:
    before = {name: corpus.layer(name)["d1"] for name in corpus.layers()}
    done = correct(corpus, "d1", "Rebels shelled Kabul on Monday.")
    assert done.version == 1
    kept = open_corpus(corpus.path / "versions/d1/1")
    assert kept.documents() == [D1]
    assert {name: kept.layer(name)["d1"] for name in kept.layers()} == before
    [version] = versions.of(corpus, "d1")
    assert (version.sha256, version.replaced_by) == (D1.sha256, corpus.document("d1").sha256)
    assert version.replaced[:2] == "20"  # a time of this century, in ISO 8601
    assert call("validate", kept.path).code == 0


def test_several_corrections_in_a_row_are_each_kept_and_each_old_text_is_found_by_its_hash(
    corpus: Corpus,
) -> None:
    texts = [f"{TEXT} It rained.", "Rebels shelled Balkh on Sunday. It rained.", TEXT]
    for number, text in enumerate(texts, start=1):
        assert correct(corpus, "d1", text).version == number
    assert [version.sha256 for version in versions.of(corpus, "d1")] == [
        make_document("d1", text).sha256 for text in (TEXT, *texts[:2])
    ]
    known = versions.earlier(corpus, "d1")
    second = known["d1", make_document("d1", texts[0]).sha256]
    assert second.document.text == texts[0]
    # The sentence came in with the first correction: since then nothing did, and since the old text it did.
    assert (second.judged, known["d1", D1.sha256].judged) == (True, False)
    assert versions.all_of(corpus).keys() == {"d1"}
    # Both marks stood in words that none of the corrections touched.
    assert corpus.layer("gold")["d1"].mentions == line(D1, (0, 6), (15, 20)).mentions


def test_the_same_text_again_is_nothing_to_do(corpus: Corpus) -> None:
    before = there(corpus.path)
    assert correct(corpus, "d1", TEXT).version is None
    assert there(corpus.path) == before


def test_a_system_has_no_line_of_a_text_that_it_was_not_run_on(corpus: Corpus) -> None:
    done = correct(corpus, "d1", f"{TEXT} It rained.")
    assert corpus.layer("system/a").keys() == {"d2"}
    assert [one.layer for one in done.passages if one.state == "dropped"] == ["system/a"]


def test_the_last_line_of_a_system_takes_its_layer_along(corpus: Corpus) -> None:
    correct(corpus, "d1", f"{TEXT} It rained.")
    correct(corpus, "d2", "Rain fell in Herat again.")
    assert corpus.layers() == ["annotator/anna", "gold"]


def test_words_that_came_in_make_drafts_of_lines_unless_they_were_looked_at(corpus: Corpus) -> None:
    done = correct(corpus, "d1", f"{TEXT} Kabul fell.")
    assert {one.layer for one in done.passages if one.unjudged} == {"gold", "annotator/anna"}
    assert corpus.layer("gold")["d1"].provenance.status == "draft"
    correct(corpus, "d2", "Rain fell in Herat again.", judged=True)
    assert corpus.layer("gold")["d2"].provenance.status is None


def test_a_dry_run_tells_the_same_and_changes_nothing(corpus: Corpus) -> None:
    before, text = there(corpus.path), "Rebels shelled Kabul on Monday."
    planned = correct(corpus, "d1", text, dry_run=True)
    assert there(corpus.path) == before
    assert correct(corpus, "d1", text) == planned


# ---------------------------------------------------------------- what cannot be a text
@pytest.mark.parametrize(
    ("text", "said"), [(" \n", "is empty"), (D2.text, "is the text of 'd2'"), ("a\0b", "NUL")]
)
def test_what_the_corpus_would_not_take_is_refused_and_nothing_changes(
    corpus: Corpus, text: str, said: str
) -> None:
    before = there(corpus.path)
    with pytest.raises(DataError, match=said):
        correct(corpus, "d1", text)
    assert there(corpus.path) == before


def test_an_unknown_id_is_told_with_those_like_it(corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match="no document 'd11'; nearest: d1, d2"):
        correct(corpus, "d11", TEXT)


def test_a_layer_that_cannot_be_read_stops_it_and_is_named(corpus: Corpus) -> None:
    (corpus.path / "layers/torn.jsonl").write_text('{"document":')
    before = there(corpus.path)
    with pytest.raises(DataError, match=r"torn\.jsonl"):
        correct(corpus, "d1", f"{TEXT} More.")
    assert there(corpus.path) == before


# ---------------------------------------------------------------- stale lines
def stale(corpus: Corpus, layer: str, *lines: Annotations) -> None:
    path = corpus.layer_path(layer)
    path.parent.mkdir(parents=True, exist_ok=True)
    import msgspec

    path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in lines))


def test_a_line_of_an_earlier_text_is_carried_from_that_text(corpus: Corpus) -> None:
    correct(corpus, "d1", f"So {TEXT}")
    stale(corpus, "annotator/ben", line(D1, (15, 20)))  # from a second clone, which has the old text
    text = f"And so {TEXT}"
    correct(corpus, "d1", text)
    assert [text[slice(*one.spans[0])] for one in corpus.layer("annotator/ben")["d1"].mentions] == ["Balkh"]


def test_a_line_of_a_text_that_nobody_knows_is_left_and_told(corpus: Corpus) -> None:
    strange = make_document("d1", "Something else.")
    stale(corpus, "annotator/ben", line(strange, (0, 9)), line(D2, (13, 18)))
    done = correct(corpus, "d1", f"So {TEXT}")
    assert [one.layer for one in done.passages if one.state == "left"] == ["annotator/ben"]
    assert (
        json.loads(corpus.layer_path("annotator/ben").read_text().splitlines()[0])["sha256"] == strange.sha256
    )


# ---------------------------------------------------------------- what goes with the text
def test_a_title_that_was_the_first_line_follows_it_and_another_stays(tmp_path: Path) -> None:
    text = "River rises\n\nThe river rose."
    own = make_document("a", text, meta=Meta(title="River rises", source="Wire"))
    other = make_document("b", "Rain falls\n\nIt rained.", meta=Meta(title="Weather"))
    corpus = create_corpus(tmp_path / "w", Manifest(name="w"), [own, other])
    correct(corpus, "a", text.replace("River rises", "River falls"))
    correct(corpus, "b", "Snow falls\n\nIt snowed.")
    titles = [(one.meta.title, one.meta.source) for one in corpus.documents()]
    assert titles == [("River falls", "Wire"), ("Weather", None)]


def test_regions_are_marked_anew_by_the_rules_or_move_where_people_marked_them(tmp_path: Path) -> None:
    text = "The river rose.\nAdvertisement\nIt fell."
    ruled = make_document("a", text, excluded=(Excluded(start=16, end=29, reason="advertisement"),))
    theirs = make_document(
        "b", "It rained. Bob Smith, Herat.", excluded=(Excluded(start=11, end=28, reason="byline"),)
    )
    corpus = create_corpus(tmp_path / "w", Manifest(name="w"), [ruled, theirs])
    correct(corpus, "a", f"{text}\nAdvertisement\n")
    correct(corpus, "b", "It has rained. Bob Smyth, Herat.")
    found = [[(one.start, one.end) for one in document.excluded] for document in corpus.documents()]
    # 39 is the first character of the last line: 16 + 14 + 8 and a line end.
    assert found == [[(16, 29), (39, 52)], [(15, 32)]]


def test_near_duplicates_are_found_anew_for_the_corrected_text_alone(tmp_path: Path) -> None:
    words = " ".join(f"w{n}" for n in range(80))
    other = " ".join(f"v{n}" for n in range(80))
    documents = [
        make_document("a", words, group="a"),
        make_document("b", f"{words} x", group="a"),
        make_document("c", other),
        make_document("e", "Kept apart by hand.", group="z"),
        make_document("f", "Though nothing is alike.", group="z"),
    ]
    corpus = create_corpus(tmp_path / "w", Manifest(name="w"), documents)
    done = correct(corpus, "a", f"{other} x")
    groups = {document.id: document.group for document in corpus.documents()}
    assert groups == {"a": "a", "b": None, "c": "a", "e": "z", "f": "z"}
    assert [told for told in done.notes if "split may change" in told and told.startswith(("b ", "c "))]


def test_tokens_beside_a_layer_go_with_a_line_whose_words_were_changed(corpus: Corpus) -> None:
    lines = corpus.layer("gold").values()
    gold = {one.document: one for one in lines}
    first = keep(
        gold["d1"], [0, 7, 15, 21, 24, 30], [6, 14, 20, 23, 30, 31], ["B-GPE\tO\tB-GPE\tO\tO\tO"], "iob2"
    )
    second = keep(gold["d2"], [0, 5, 10, 13, 18], [4, 9, 12, 18, 19], ["O\tO\tO\tB-GPE\tO"], "iob2")
    corpus.write_layer("gold", lines, [first, second])
    done = correct(corpus, "d1", TEXT.replace(" on ", "\non "))
    assert [one.tokens for one in done.passages if one.layer == "gold"] == ["carried"]
    assert corpus_faults(corpus) == {}
    done = correct(corpus, "d1", "Troops shelled Balkh on Monday.")
    assert [one.tokens for one in done.passages if one.layer == "gold"] == ["lost"]
    assert corpus_faults(corpus) == {}
    assert corpus.tokens_path("gold").read_text().count("\n") == 1
    assert (corpus.path / "versions/d1/2/tokens/gold.jsonl").is_file()


def test_an_ontology_of_the_corpus_is_in_each_version(corpus: Corpus, tmp_path: Path, call: Call) -> None:
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nversion = "1"\n[entities.GPE]\n[events.Attack]\n')
    assert call("set", corpus.path, "--ontology", own).code == 0
    correct(open_corpus(corpus.path), "d1", f"So {TEXT}")
    found = open_corpus(corpus.path / "versions/d1/1").ontology()
    assert found is not None
    assert found.name == "own"


# ---------------------------------------------------------------- cut short
def test_what_was_decided_and_cut_short_is_finished_by_whoever_opens_the_corpus(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shutil.copytree(corpus.path, tmp_path / "whole")
    correct(open_corpus(whole), "d1", "Rebels shelled Kabul on Monday.")
    with monkeypatch.context() as patch:
        patch.setattr(pending, "finish", lambda _: None)
        correct(corpus, "d1", "Rebels shelled Kabul on Monday.")
    assert corpus.document("d1").text == TEXT
    half = corpus.path / PENDING
    (half / "documents.jsonl").replace(corpus.path / "documents.jsonl")  # as far as it came
    assert open_corpus(corpus.path).layer("gold").keys() == {"d1", "d2"}
    assert not half.exists()
    told = {name: data for name, data in there(corpus.path).items() if not name.endswith("version.json")}
    assert told == {name: data for name, data in there(whole).items() if not name.endswith("version.json")}


def test_who_may_not_write_is_told_what_to_run(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise CorpusError("cannot be written (Permission denied)")

    monkeypatch.setattr(pending, "locked", refuse)
    (corpus.path / PENDING).mkdir()
    with pytest.raises(CorpusError, match=r"Permission denied.*run any command on it as somebody who may"):
        open_corpus(corpus.path)


# ---------------------------------------------------------------- the command
def test_the_command_tells_what_goes_over_what_is_lost_and_what_to_run(
    corpus: Corpus, call: Call, tmp_path: Path
) -> None:
    text = tmp_path / "d1.txt"
    text.write_bytes(b"\xef\xbb\xbfRebels shelled Kabul\r\non Monday, it was said.")
    dry = call("correct", corpus.path, "d1", "--text", text, "--dry-run")
    assert dry.code == 0
    assert dry.out.endswith("nothing was changed\n")
    said = call("correct", corpus.path, "d1", "--text", text)
    assert said.code == 0
    assert "layer gold: 1 mention(s), 1 event(s) carried over, 1 mention(s) lost" in said.out
    assert f"lost: GPE: 'Balkh' at [15, 20] of the text {D1.sha256[:12]} is not there as it was" in said.out
    assert "not judged any more: 3 word(s) came in" in said.out  # it, was, said
    assert "not run on the new text: system/a" in said.out
    assert corpus.document("d1").text == "Rebels shelled Kabul\non Monday, it was said."
    again = call("correct", corpus.path, "d1", "--text", text)
    assert "nothing to do" in again.out
    assert call("validate", corpus.path).code == 0


def test_the_text_comes_from_standard_input_in_any_encoding(corpus: Corpus, program: Call) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "goldwire", "corpus", "correct", corpus.path, "d2", "--json"]
    done = subprocess.run(
        [*command, "--text", "-", "--encoding", "cp1252"],
        input=b"It rained in Or\xe1n.",
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["version"] == 1
    assert corpus.document("d2").text == "It rained in Orán."
    failed = subprocess.run(
        [*command, "--text", "-"], input=b"\xff\xfe\x00", capture_output=True, check=False
    )
    assert failed.returncode == 2


def test_a_change_of_the_ontology_that_was_begun_comes_first(
    corpus: Corpus, call: Call, tmp_path: Path
) -> None:
    text = tmp_path / "d1.txt"
    text.write_text(f"So {TEXT}")
    kept = corpus.path / "labelstudio" / "before-1"
    kept.mkdir(parents=True)
    manifest = (corpus.path / "corpus.toml").read_bytes()
    (kept / "corpus.toml").write_bytes(manifest)
    said = call("correct", corpus.path, "d1", "--text", text)
    assert (said.code, "begun and is not finished" in said.err) == (2, True)
    # The manifest is written last: with another one the change was through.
    (kept / "corpus.toml").write_bytes(manifest + b"# before\n")
    assert call("correct", corpus.path, "d1", "--text", text).code == 0


def test_a_file_that_holds_many_articles_is_refused(corpus: Corpus, call: Call, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "a"}\n')
    said = call("correct", corpus.path, "d1", "--text", rows)
    assert said.code == 2
    assert "hold many articles" in said.err
    assert call("correct", corpus.path, "d1", "--text", tmp_path / "none.txt").code == 2


def test_gold_tells_above_the_figures_what_it_lost(corpus: Corpus, said_by: Call) -> None:
    correct(corpus, "d1", "Rebels shelled Kabul on Monday.")
    said = said_by("eval", "score", corpus.path, "--system", "a", "--measure", "entity", "--json")
    assert said.json["gold"]["rejected"] == {"text-corrected": 1}
    shown = said_by("eval", "score", corpus.path, "--system", "a", "--measure", "entity")
    told, figures = (shown.out.index(text) for text in ("gold lost 1 unit", "entity (span + type)"))
    assert told < figures
    assert "a has no line for 1 document, which counts as empty" in " ".join(shown.out.split())


def test_the_page_shows_what_the_command_says(
    said_by: Call, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (root / "docs" / "corpora.md").read_text(encoding="utf-8").partition("## Correcting a text")[2]
    shown = page.split("```text\n")[1].split("```")[0]
    text, new = re.findall("`(Rebels [^`]*)`", page)[:2]
    monkeypatch.chdir(tmp_path)
    event = Event(
        id="e",
        type="Attack",
        trigger=(Span(7, 14),),
        arguments=(Argument(role="attacker", mention="m2"), Argument(role="target", mention="m1")),
    )
    old = make_document("d7", text)
    create_corpus(
        Path("work"),
        Manifest(name="work"),
        [old],
        layers={"gold": [line(old, (15, 20), (0, 6), events=(event,))], "system/a": [line(old)]},
    )
    Path("d7.txt").write_text(new, encoding="utf-8")
    commands = [words.split() for words in page.split("```sh\n")[1].split("```")[0].splitlines()]
    said = [said_by(*words[1:]) for words in commands]
    assert [one.code for one in said] == [0, 0]
    assert said[-1].out == shown


def test_articles_that_still_have_the_old_text_are_passed_over_and_bring_what_is_new(
    corpus: Corpus, call: Call, tmp_path: Path
) -> None:
    correct(corpus, "d1", f"So {TEXT}")
    folder = tmp_path / "news"
    folder.mkdir()
    for id, text in {"d1": TEXT, "d2": D2.text, "d3": "Snow fell in Herat."}.items():
        (folder / f"{id}.txt").write_text(text)
    said = call("add", corpus.path, "--from", folder)
    assert (said.code, "there already, and corrected since: d1" in said.err) == (0, True)
    assert [one.id for one in corpus.documents()] == ["d1", "d2", "d3"]
    assert corpus.document("d1").text == f"So {TEXT}"


# ---------------------------------------------------------------- records of the old text
@pytest.fixture
def judged(corpus: Corpus, said_by: Call) -> Call:
    """Score into records/NAME.json and hold it against the baseline, which is made of the first."""
    gate = partial(said_by, "eval", "gate", "--baseline", corpus.path.parent / "base.json", "--policy")
    policy = corpus.path.parent / "policy.toml"
    policy.write_text('title = "p"\n[[rules]]\nmeasure = "entity"\nfloor = 0.0\n')

    def score(name: str, *more: object) -> Any:
        words = ("eval", "score", corpus.path, "--name", name, "--system", "a", "--measure", "entity")
        scored = said_by(*words, *more)
        assert scored.code == 0, scored.err
        record = corpus.path / "records" / f"{name}.json"
        if not (corpus.path.parent / "base.json").exists():
            assert gate(policy, record, "--update").code == 0
        return gate(policy, record)

    return score


def test_the_gate_cannot_judge_by_a_baseline_of_another_text_and_names_the_document(
    corpus: Corpus, judged: Call
) -> None:
    assert judged("before").code == 0
    text = "Rebels shelled Kabul on Monday."
    correct(corpus, "d1", text)
    said = judged("after")
    assert said.code == 2
    digests = D1.sha256[:12], make_document("d1", text).sha256[:12]
    told = "d1 was corrected: the baseline has text {}, the record has text {}"
    assert told.format(*digests) in said.err


def test_the_gate_names_it_where_gold_judges_the_new_text_no_more(corpus: Corpus, judged: Call) -> None:
    assert judged("before").code == 0
    correct(corpus, "d1", f"{TEXT} Kabul fell.")
    said = judged("after")
    assert said.code == 2
    assert "d1 was corrected since, and not judged anew" in said.err


def test_comparing_reporting_and_keeping_records_of_both_texts_name_the_document(
    corpus: Corpus, judged: Call, said_by: Call
) -> None:
    judged("before")
    correct(corpus, "d1", "Rebels shelled Kabul on Monday.")
    judged("after")
    before, after = (corpus.path / "records" / f"{name}.json" for name in ("before", "after"))
    compared = said_by("eval", "compare", before, after)
    assert (compared.code, "d1 was corrected: before has text" in compared.err) == (2, True)
    reported = said_by("eval", "report", before, "--html", corpus.path.parent / "r.html")
    assert "the texts (d1 was corrected)" in reported.err
    again = said_by("eval", "score", corpus.path, "--name", "before", "--system", "a", "--measure", "entity")
    assert "not as before: d1 was corrected" in again.err
    other = said_by(
        "eval", "score", corpus.path, "--name", "after", "--system", "annotator/anna", "--measure", "TI"
    )
    assert "corrected" not in other.err


def test_of_two_corpora_that_have_only_ids_in_common_nobody_corrected_any(
    corpus: Corpus, judged: Call, said_by: Call, tmp_path: Path
) -> None:
    judged("one")
    strange = make_document("d1", "Something else.")
    other = create_corpus(
        tmp_path / "other",
        Manifest(name="other"),
        [strange],
        layers={"gold": [line(strange, (0, 9))], "system/a": [line(strange)]},
    )
    assert (
        said_by("eval", "score", other.path, "--name", "two", "--system", "a", "--measure", "entity").code
        == 0
    )
    said = said_by("eval", "compare", corpus.path / "records/one.json", other.path / "records/two.json")
    assert (said.code, "corrected" in said.err) == (2, False)
