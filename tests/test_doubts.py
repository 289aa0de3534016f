"""Doubts about gold: who speaks against a unit and for how much, and what comes out on top."""

import json
import math
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from goldwire import testing
from goldwire.cli import app
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.store import open_corpus
from goldwire.corpora.types import Excluded, Mention, Provenance, Span
from goldwire.eval.doubts import files
from goldwire.eval.doubts.find import find

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
import planted

# Words of their own in every document, so that the dictionary has nothing to say.
DOCUMENTS = [testing.document(f"a{k}a b{k}b c{k}c d{k}d.", id=f"d{k}") for k in range(8)]
A, B, C = (0, 3), (4, 7), (8, 11)


def corpus(tmp_path, **layers):
    """A corpus with layers `gold`, `system__NAME`, `annotator__NAME`, mentions by document."""
    named = {name.replace("__", "/"): units for name, units in layers.items()}
    return testing.corpus(tmp_path / "c", DOCUMENTS, named)


def everywhere(*units, but=None):
    return {one.id: list(units) for one in DOCUMENTS} | (but or {})


def tops(found):
    return [(one.document, one.kind) for one in found.doubts]


# ---------------------------------------------------------------- sources
def test_a_system_that_differs_counts_with_its_precision_for_the_label_elsewhere(tmp_path):
    gold = everywhere((*A, "PER"), but={"d0": [(*A, "ORG")]})
    made = corpus(tmp_path, gold=gold, system__mine=everywhere((*A, "PER")))
    [doubt] = find(made, "gold", ["mine"]).doubts
    assert (doubt.document, doubt.kind, doubt.gold.label, doubt.other.label) == ("d0", "type", "ORG", "PER")
    # In the seven other documents it says PER seven times, and gold agrees each time; drawn by 5 units
    # towards (7 + 1) / (7 + 2) of all its mentions: (7 + 5 * 8/9) / 12.
    share = (7 + 5 * 8 / 9) / 12
    assert doubt.doubt == pytest.approx(math.log(share / (1 - share)), abs=0.001)


def test_a_doubtful_unit_is_no_witness_of_its_own(tmp_path):
    """With gold as the system has it in d0, or not: what the system is worth there is the same."""
    system = everywhere((*A, "PER"), but={"d1": [(*A, "ORG")]})
    worth = []
    for number, label in enumerate(("ORG", "LOC")):
        gold = everywhere((*A, "PER"), but={"d0": [(*A, label)]})
        made = corpus(tmp_path / str(number), gold=gold, system__mine=system)
        worth.append(next(one for one in find(made, "gold", ["mine"]).doubts if one.document == "d0").doubt)
    assert worth[0] == worth[1]


def test_near_duplicates_of_a_document_are_no_witnesses_either(tmp_path):
    alike = [msgspec.structs.replace(one, group="d0") for one in DOCUMENTS]
    units = everywhere((*A, "PER"), but={"d0": [(*A, "ORG")]})
    layers = {"gold": units, "system/mine": everywhere((*A, "PER"))}
    [doubt] = find(testing.corpus(tmp_path / "c", alike, layers), "gold", ["mine"]).doubts
    # No other group: (0 + 5 * (0 + 1) / (0 + 2)) / 5 is one half, of which the odds are 1.
    assert doubt.doubt == 0


def test_two_systems_say_more_than_one_and_two_runs_of_one_do_not(tmp_path):
    gold = everywhere((*A, "PER"), but={"d0": [(*A, "ORG")]})
    same, other = everywhere((*A, "PER")), everywhere((*A, "PER"), but={"d7": [(*A, "LOC")]})
    made = corpus(tmp_path, gold=gold, system__a=same, system__b=other, system__r={})
    made.write_layer("system/s/1", made.layer("system/a").values())
    made.write_layer("system/s/2", made.layer("system/b").values())

    def top(*systems):
        return find(made, "gold", systems).doubts[0].doubt

    # `a` differs in d0 alone. So does `b`, but for d7, where gold is against it.
    assert top("a", "b") == pytest.approx(top("a") + top("b"), abs=0.002)
    assert top("s/1", "s/2") == pytest.approx((top("a") + top("b")) / 2, abs=0.002)


def test_equal_layers_count_as_one_system_and_are_told(tmp_path):
    gold = everywhere((*A, "PER"), but={"d0": [(*A, "ORG")]})
    made = corpus(tmp_path, gold=gold, system__a=everywhere((*A, "PER")), system__b=everywhere((*A, "PER")))
    both, one = find(made, "gold", ["a", "b"]), find(made, "gold", ["a"])
    assert both.doubts[0].doubt == one.doubts[0].doubt
    assert any(note.startswith("a and b count as one") for note in both.head.notes)


def test_silence_of_a_system_that_misses_much_says_little(tmp_path):
    gold = everywhere((*A, "PER"), (*B, "PER"))
    good = everywhere((*A, "PER"), (*B, "PER"), but={"d0": [(*A, "PER")]})
    poor = {one.id: [(*A, "PER")] for one in DOCUMENTS}
    made = corpus(tmp_path, gold=gold, system__good=good, system__poor=poor)
    [most] = find(made, "gold", ["good"]).doubts
    assert (most.document, most.kind, most.other) == ("d0", "spurious", None)
    # Elsewhere `good` misses none of 14, `poor` misses 7 of 14.
    missed = (0 + 5 * 1 / 16) / 19
    assert most.doubt == pytest.approx(-math.log(missed), abs=0.001)
    assert find(made, "gold", ["poor"]).doubts[0].doubt == pytest.approx(
        -math.log((7 + 5 * 8 / 16) / 19), abs=0.001
    )


def test_a_unit_that_systems_have_and_gold_has_not_is_missing(tmp_path):
    gold = everywhere((*A, "PER"), but={"d3": []})
    made = corpus(
        tmp_path, gold=gold, system__a=everywhere((*A, "PER")), system__b=everywhere((*A, "PER"), (*C, "LOC"))
    )
    first = find(made, "gold", ["a", "b"]).doubts[0]
    assert (first.document, first.kind, first.gold, first.other.words) == ("d3", "missing", None, "a3a")


def test_a_boundary_is_one_doubt_and_not_two(tmp_path):
    gold = everywhere((*A, "PER"), but={"d3": [(0, 7, "PER")]})
    made = corpus(tmp_path, gold=gold, system__a=everywhere((*A, "PER")))
    [doubt] = find(made, "gold", ["a"]).doubts
    assert (doubt.kind, doubt.gold.words, doubt.other.words) == ("boundary", "a3a b3b", "a3a")


def test_a_document_that_a_system_does_not_have_is_no_silence(tmp_path):
    made = corpus(
        tmp_path, gold=everywhere((*A, "PER")), system__a={"d0": [(*A, "ORG")], "d1": [(*A, "PER")]}
    )
    found = find(made, "gold", ["a"])
    assert tops(found) == [("d0", "type")]
    assert "a has 2 of the 8 documents; on the others it has no say" in found.head.notes


@pytest.mark.parametrize("status", ["skipped", "draft"])
def test_documents_that_gold_has_not_finished_are_not_doubted_and_told(tmp_path, status):
    made = corpus(tmp_path, gold=everywhere((*A, "PER")), system__a=everywhere())
    lines = made.layer("gold")
    open_line = msgspec.structs.replace(lines["d0"], provenance=Provenance(status=status))
    made.write_layer("gold", [*({**lines, "d0": open_line}).values()])
    found = find(made, "gold", ["a"])
    assert "d0" not in {one.document for one in found.doubts}
    assert found.head.documents == 7
    assert any(note.startswith("1 of 8 documents are not looked at") for note in found.head.notes)


def test_what_stands_in_an_excluded_region_is_no_doubt(tmp_path):
    shut = [
        msgspec.structs.replace(one, excluded=(Excluded(start=0, end=3, reason="teaser"),))
        for one in DOCUMENTS[:2]
    ]
    texts = [*shut, *DOCUMENTS[2:]]
    layers = {"gold": everywhere((*A, "PER")), "system/a": everywhere((*A, "ORG"))}
    found = find(testing.corpus(tmp_path / "c", texts, layers), "gold", ["a"])
    assert {one.document for one in found.doubts} == {one.id for one in DOCUMENTS[2:]}


def test_a_system_that_is_gold_itself_does_not_speak_for_it(tmp_path):
    """`copy` differs in one unit of 160: it was made from gold, or gold from it."""
    texts = [testing.document(" ".join(f"w{k}x{n}" for n in range(20)), id=f"d{k}") for k in range(8)]
    units = {one.id: [(word, "PER") for word in one.text.split()] for one in texts}
    other = units | {"d0": [("w0x0", "ORG"), *units["d0"][1:]]}
    system = units | {"d1": [("w1x0", "LOC"), *units["d1"][1:]], "d2": [(w, "LOC") for w, _ in units["d2"]]}
    made = testing.corpus(tmp_path / "c", texts, {"gold": units, "system/copy": other, "system/mine": system})
    found = find(made, "gold", ["copy", "mine"])
    doubt = next(one for one in found.doubts if one.document == "d1")
    alone = next(one for one in find(made, "gold", ["mine"]).doubts if one.document == "d1")
    assert doubt.doubt == alone.doubt
    assert any(note.startswith("copy agrees with gold in 99.4 %") for note in found.head.notes)


def test_annotators_who_read_otherwise_are_heard_without_being_asked(tmp_path):
    gold = everywhere((*A, "PER"), (*B, "ORG"))
    ben = everywhere((*A, "PER"), (*B, "ORG"), but={"d5": [(*A, "PER"), (*B, "LOC")]})
    anna = everywhere((*A, "PER"), (*B, "PER"))
    found = find(corpus(tmp_path, gold=gold, annotator__ben=ben, annotator__anna=anna), "gold")
    assert found.head.annotators == ("annotator/anna", "annotator/ben")
    assert set(found.doubts[0].says) == {"annotator/anna", "annotator/ben"}
    assert any("no system" in note for note in found.head.notes)


def test_a_confident_word_counts_for_more_where_confidence_was_right(tmp_path):
    """Scores over the mean of those that are right were right, those below were wrong."""
    gold = everywhere(
        (*A, "PER"), (*B, "LOC"), but={k: [(*A, "ORG"), (*B, "LOC")] for k in ("d0", "d1", "d2")}
    )
    made = corpus(tmp_path, gold=gold)

    def line(one, score):
        spoken = Mention(id="m", type="PER", spans=(Span(*A),), score=score)
        return testing.annotate(one, spoken)

    sure = {"d0": 0.95, "d1": 0.3, "d2": 0.3}
    made.write_layer("system/s", [line(one, sure.get(one.id, 0.9)) for one in DOCUMENTS])
    doubts = {one.document: one for one in find(made, "gold", ["s"]).doubts if one.kind == "type"}
    assert doubts["d0"].doubt > doubts["d1"].doubt
    # Sure of PER in the five where gold agrees, of mean score 0.9; d0 is left out, d1 and d2 are not sure.
    assert any("score 0.95, from its usual 0.90 on" in reason for reason in doubts["d0"].reasons)
    assert any("score 0.30, below its usual 0.90" in reason for reason in doubts["d1"].reasons)


# ---------------------------------------------------------------- the same words elsewhere
def speaking(tmp_path, texts, labels):
    """Documents of texts, and gold that labels words in them, by number."""
    made = [testing.document(text, id=f"d{k}") for k, text in enumerate(texts)]
    units = {f"d{k}": [(word, label) for word, label in found] for k, found in enumerate(labels)}
    return testing.corpus(tmp_path / "c", made, {"gold": units})


def test_without_a_system_the_same_words_elsewhere_speak(tmp_path):
    texts = ["Kunduz fell.", "In Kunduz again.", "Kunduz held.", "He saw Kunduz burn."]
    here = [("Kunduz", "GPE")]
    found = find(speaking(tmp_path, texts, [here, here, here, [("Kunduz", "PER")]]), "gold")
    first = found.doubts[0]
    assert (first.document, first.gold.label, first.other.label) == ("d3", "PER", "GPE")
    # GPE 3 of 3 elsewhere, PER 0 of 3: (3 + 1) / (3 + 2) against (0 + 1) / (3 + 2).
    assert first.doubt == pytest.approx(math.log(4) - math.log(1 / 4), abs=0.001)
    assert first.reasons == ("elsewhere in gold “Kunduz” is GPE 3 times",)
    assert found.head.notes == ("no system and no annotator: only the same words elsewhere in gold speak",)


def test_words_without_a_label_that_have_one_elsewhere_may_be_missing(tmp_path):
    texts = ["Kunduz fell.", "In Kunduz again.", "Kunduz held.", "He saw Kunduz burn."]
    here = [("Kunduz", "GPE")]
    first = find(speaking(tmp_path, texts, [here, here, here, []]), "gold").doubts[0]
    assert (first.document, first.kind, first.other.words, first.sentence) == (
        "d3",
        "missing",
        "Kunduz",
        texts[3],
    )


def test_a_unit_whose_words_are_seldom_one_may_be_spurious(tmp_path):
    texts = ["the man", "the dog", "the end", "the sea"]
    first = find(speaking(tmp_path, texts, [[("the", "PER")], [], [], []]), "gold").doubts[0]
    assert (first.document, first.kind, first.other) == ("d0", "spurious", None)
    assert first.reasons == ("elsewhere in gold “the” is unlabelled 3 times",)


# ---------------------------------------------------------------- events
def eventful(tmp_path, gold, system):
    texts = [testing.document("Rebels took Kunduz from troops.", id=f"d{k}") for k in range(5)]

    def line(one, spec):
        units = [("Rebels", "MIL"), ("Kunduz", "GPE"), ("troops", "MIL")]
        trigger, type, ends, realis = spec
        event = testing.annotate(one, *units, events=[(trigger, type, ends)]).events[0]
        event = msgspec.structs.replace(event, attributes={"realis": realis})
        return testing.annotate(one, *units, events=[event])

    made = testing.corpus(tmp_path / "c", texts)
    for name, specs in (("gold", gold), ("system/s", system)):
        made.write_layer(name, [line(one, spec) for one, spec in zip(texts, specs, strict=True)])
    return made


RIGHT = ("took", "Take", {"by": 0, "what": 1}, "actual")


@pytest.mark.parametrize(
    ("wrong", "unit", "kind"),
    [
        (("took", "Move", {"by": 0, "what": 1}, "actual"), "trigger", "type"),
        (("from", "Take", {"by": 0, "what": 1}, "actual"), "trigger", "missing"),
        (("took", "Take", {"from": 0, "what": 1}, "actual"), "argument", "type"),
        (("took", "Take", {"by": 0}, "actual"), "argument", "missing"),
        (("took", "Take", {"by": 0, "what": 1, "from": 2}, "actual"), "argument", "spurious"),
        (("took", "Take", {"by": 0, "what": 1}, "planned"), "attribute", "value"),
    ],
)
def test_events_arguments_and_attributes_are_doubted_too(tmp_path, wrong, unit, kind):
    made = eventful(tmp_path, [wrong, *[RIGHT] * 4], [RIGHT] * 5)
    doubts = [one for one in find(made, "gold", ["s"]).doubts if one.document == "d0" and one.doubt > 0]
    assert (unit, kind) in {(one.unit, one.kind) for one in doubts}


def test_a_source_without_the_event_has_no_say_on_its_arguments(tmp_path):
    """In d0 gold lacks an argument that `s` has; `t` lacks the event there, and has all of it elsewhere."""
    less = ("took", "Take", {"by": 0}, "actual")
    made = eventful(tmp_path, [less, *[RIGHT] * 4], [RIGHT] * 5)
    lines = made.layer("system/s")
    without = msgspec.structs.replace(lines["d0"], events=())
    made.write_layer("system/t", [*{**lines, "d0": without}.values()])

    def missing(*systems):
        return next(one for one in find(made, "gold", systems).doubts if one.kind == "missing")

    both, alone = missing("s", "t"), missing("s")
    assert (both.unit, set(both.says)) == ("argument", {"s"})
    assert both.doubt == alone.doubt


def test_arguments_of_a_doubtful_trigger_are_not_doubted_by_themselves(tmp_path):
    wrong = ("took", "Move", {"from": 0}, "planned")
    doubts = find(eventful(tmp_path, [wrong, *[RIGHT] * 4], [RIGHT] * 5), "gold", ["s"]).doubts
    assert "trigger" in {one.unit for one in doubts if one.document == "d0"}
    assert "argument" not in {one.unit for one in doubts if one.document == "d0"}


# ---------------------------------------------------------------- laws
@settings(max_examples=20, deadline=None)
@given(st.permutations(range(8)), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_units_changes_nothing(tmp_path_factory, order, chance):
    gold = everywhere((*A, "PER"), (*B, "ORG"), but={"d0": [(*A, "ORG"), (*B, "ORG")]})
    system = everywhere((*A, "PER"), (*C, "LOC"))
    found = []
    for shuffled in (False, True):
        texts = [DOCUMENTS[k] for k in order] if shuffled else DOCUMENTS
        units = [
            {id: chance.sample(one, len(one)) if shuffled else one for id, one in layer.items()}
            for layer in (gold, system)
        ]
        made = testing.corpus(
            tmp_path_factory.mktemp("c") / "c", texts, {"gold": units[0], "system/s": units[1]}
        )
        found.append(find(made, "gold", ["s"]).doubts)
    assert found[0] == found[1]


def test_a_gold_that_nobody_contradicts_has_no_doubts(tmp_path):
    made = corpus(tmp_path, gold=everywhere((*A, "PER")), system__a=everywhere((*A, "PER")))
    assert find(made, "gold", ["a"]).doubts == ()


def test_nothing_finished_is_an_error_that_says_so(tmp_path):
    with pytest.raises(CorpusError, match="has finished none of the documents"):
        find(corpus(tmp_path, gold={}, system__a=everywhere()), "gold", ["a"])


def test_gold_is_not_held_against_itself(tmp_path):
    with pytest.raises(CorpusError, match="cannot be held against itself"):
        find(corpus(tmp_path, gold=everywhere()), "gold", ["gold"])


# ---------------------------------------------------------------- planted errors on real data
@pytest.fixture
def pud(shared, tmp_path):
    source = shared / "data" / "uner_pud" / "en_pud-ud-test.iob2"
    if not source.is_file():
        pytest.skip(f"{source} is not here")
    made = CliRunner().invoke(
        app, ["corpus", "new", str(tmp_path / "pud"), "--from", str(source), "--layer", "gold"]
    )
    assert made.exit_code == 0, made.output
    return open_corpus(tmp_path / "pud")


def test_planted_errors_come_out_on_top(pud):
    """A tenth of gold harmed, three systems made by a program, with errors in 20, 30 and 30 %."""
    found = planted.try_out(pud, [0.2, 0.3, 0.3], [], 0.1, seed=5)
    assert found.planted.total() >= 80
    assert found.precision >= 0.6
    assert found.recall >= 0.7


# ---------------------------------------------------------------- the command and its file
def test_the_command_writes_what_it_shows_and_reads_it_back(tmp_path):
    gold = everywhere((*A, "PER"), but={"d0": [(*A, "ORG")]})
    made = corpus(tmp_path, gold=gold, system__mine=everywhere((*A, "PER"), (*C, "LOC")))
    out = tmp_path / "doubts.jsonl"
    call = ["eval", "doubts", str(made.path), "--system", "mine", "--n", "3", "--out", str(out)]
    shown = CliRunner().invoke(app, call)
    assert shown.exit_code == 0
    assert "d0  mention, type: gold ORG “a0a”, other PER “a0a”" in shown.output
    told = json.loads(CliRunner().invoke(app, [*call, "--json"]).stdout)
    read = files.read(out)
    assert [one["id"] for one in told["doubts"]] == [one.id for one in read.doubts]
    assert (read.head.found, read.head.asked) == (9, 3)


def test_a_file_that_is_no_file_of_doubts_is_refused(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"document": "d0"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="not the first line of a file of doubts"):
        files.read(path)


def test_doubts_that_somebody_decided_are_not_written_over(tmp_path):
    made = corpus(
        tmp_path, gold=everywhere((*A, "PER"), but={"d0": [(*A, "ORG")]}), system__mine=everywhere()
    )
    out = tmp_path / "doubts.jsonl"
    call = ["eval", "doubts", str(made.path), "--n", "3", "--out", str(out)]
    assert [CliRunner().invoke(app, call).exit_code for _ in range(2)] == [0, 0]  # undecided, they may be
    decided = out.read_text(encoding="utf-8").replace('"decision":null', '"decision":"gold"', 1)
    out.write_text(decided, encoding="utf-8")
    again = CliRunner().invoke(app, call)
    assert "1 of its 3 doubts is decided, which would be lost" in str(again.exception)
    assert out.read_text(encoding="utf-8") == decided


def test_doubts_decided_while_others_are_looked_for_are_not_written_over(tmp_path, monkeypatch):
    made = corpus(
        tmp_path, gold=everywhere((*A, "PER"), but={"d0": [(*A, "ORG")]}), system__mine=everywhere()
    )
    out = tmp_path / "doubts.jsonl"
    call = ["eval", "doubts", str(made.path), "--n", "3", "--out", str(out)]
    assert CliRunner().invoke(app, call).exit_code == 0
    decided = out.read_text(encoding="utf-8").replace('"decision":null', '"decision":"gold"', 1)

    def find_late(*given, **named):
        found = find(*given, **named)
        out.write_text(decided, encoding="utf-8")
        return found

    monkeypatch.setattr("goldwire.eval.doubts.find.find", find_late)
    assert CliRunner().invoke(app, call).exit_code
    assert out.read_text(encoding="utf-8") == decided


@pytest.mark.parametrize("name", ["documents.jsonl", "corpus.toml", "layers/gold.jsonl"])
def test_doubts_take_the_place_of_no_other_file(tmp_path, name):
    made = corpus(tmp_path, gold=everywhere((*A, "PER")), system__mine=everywhere())
    place = made.path / name
    before = place.read_bytes()
    assert CliRunner().invoke(app, ["eval", "doubts", str(made.path), "--out", str(place)]).exit_code
    assert place.read_bytes() == before


def test_a_layer_that_is_not_there_is_an_error_that_names_those_there_are(tmp_path):
    made = corpus(tmp_path, gold=everywhere())
    found = CliRunner().invoke(app, ["eval", "doubts", str(made.path), "--gold", "silver"])
    assert "no layer 'silver'; there are: gold" in str(found.exception)
