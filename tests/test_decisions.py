"""Decisions on doubts: a layer with what people say is right, and what that says of all of gold."""

import json
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
from goldwire.corpora.types import Provenance
from goldwire.corpora.validate import annotation_faults
from goldwire.eval.doubts import files
from goldwire.eval.doubts.decide import TOOL, check_place, decide
from goldwire.eval.doubts.estimate import Stratum, errors, estimate
from goldwire.eval.doubts.find import find
from goldwire.eval.doubts.readings import Base, Doubt, Doubts, Head, Holder, Reading
from goldwire.testing import strategies

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
import controls
import planted

DOCUMENT = testing.document("Rebels took Kunduz from troops on Friday.", id="d")
UNITS = [("Rebels", "MIL"), ("Kunduz", "GPE"), ("troops", "MIL")]


def line(*units, events=(), **fields):
    return testing.annotate(DOCUMENT, *units, events=events, **fields)


GOLD = line(
    *UNITS,
    events=[("took", "Take", {"by": 0, "what": 1})],
    provenance=Provenance(author="anna", status="submitted", details={"task": 7}),
)


def read(label, words):
    return Reading(label=label, spans=testing.spans(words, DOCUMENT.text), words=words)


def doubt(unit, gold, other, decision, **fields):
    return Doubt(
        id=f"{unit}-{gold and gold.label}-{other and other.label}",
        document="d",
        sha256=DOCUMENT.sha256,
        unit=unit,
        kind="type",
        gold=gold,
        other=other,
        doubt=1.0,
        reasons=(),
        sentence=DOCUMENT.text,
        at=0,
        decision=decision,
        **fields,
    )


def decided(*doubts, gold=GOLD):
    return decide([DOCUMENT], {"d": gold}, doubts, None)


def mentions(made):
    text = DOCUMENT.text
    return {(text[one.spans[0].start : one.spans[-1].end], one.type) for one in made.lines["d"].mentions}


ON = Holder(unit="trigger", type="Take", spans=testing.spans("took", DOCUMENT.text), words="took")


# ---------------------------------------------------------------- the layer
def test_another_type_and_another_place_take_the_place_of_golds():
    made = decided(
        doubt("mention", read("MIL", "troops"), read("PER", "troops"), "other"),
        doubt("mention", read("GPE", "Kunduz"), read("LOC", "Kunduz from"), "other"),
    )
    assert mentions(made) == {("Rebels", "MIL"), ("troops", "PER"), ("Kunduz from", "LOC")}
    [event] = made.lines["d"].events
    assert [one.mention for one in event.arguments] == ["m0", "m1"]  # what hangs on them stays


def test_what_is_spurious_goes_with_its_arguments_and_what_is_missing_comes():
    made = decided(
        doubt("mention", read("GPE", "Kunduz"), None, "other"),
        doubt("mention", None, read("TIME", "Friday"), "other"),
    )
    assert mentions(made) == {("Rebels", "MIL"), ("troops", "MIL"), ("Friday", "TIME")}
    assert [one.role for one in made.lines["d"].events[0].arguments] == ["by"]


@pytest.mark.parametrize("decision", ["gold", "both", "unclear", None])
def test_other_decisions_leave_gold_as_it_is(decision):
    made = decided(doubt("mention", read("GPE", "Kunduz"), None, decision))
    assert made.lines["d"] is GOLD
    assert made.left == []


def test_neither_is_followed_with_a_correction_and_told_without():
    wrong = doubt("mention", read("GPE", "Kunduz"), None, "neither")
    right = msgspec.structs.replace(wrong, correction=read("FAC", "Kunduz"))
    assert ("Kunduz", "FAC") in mentions(decided(right))
    [left] = decided(wrong).left
    assert "no correction says what is" in left.why


def test_triggers_arguments_and_attributes_are_changed_too():
    made = decided(
        doubt("trigger", read("Take", "took"), read("Seize", "took"), "other"),
    )
    assert made.lines["d"].events[0].type == "Seize"
    role = decided(doubt("argument", read("by", "Rebels"), read("who", "Rebels"), "other", on=ON))
    assert {one.role for one in role.lines["d"].events[0].arguments} == {"who", "what"}
    filler = decided(doubt("argument", None, read("from", "troops"), "other", on=ON))
    assert [one.role for one in filler.lines["d"].events[0].arguments] == ["by", "what", "from"]
    value = decided(doubt("attribute", read("", "took"), read("past", "took"), "other", on=ON, name="tense"))
    assert value.lines["d"].events[0].attributes == {"tense": "past"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (doubt("mention", read("PER", "Kunduz"), None, "other"), "gold does not say that any more"),
        (doubt("mention", None, read("MIL", "Rebels"), "other"), "gold has MIL “Rebels” there already"),
        (doubt("argument", None, read("when", "Friday"), "other", on=ON), "no mention “Friday”"),
    ],
)
def test_what_cannot_be_followed_is_told_and_changes_nothing(wrong, why):
    made = decided(wrong)
    assert why in made.left[0].why
    assert made.lines["d"] is GOLD


def test_a_text_that_was_corrected_since_is_another_one():
    old = msgspec.structs.replace(doubt("mention", read("GPE", "Kunduz"), None, "other"), sha256="0" * 64)
    assert "another text now" in decided(old).left[0].why


def test_a_changed_line_says_who_changed_what_and_keeps_what_it_said_of_itself():
    made = decided(doubt("mention", read("GPE", "Kunduz"), None, "other", by="ben", when="2026-11-29"))
    told = made.lines["d"].provenance
    assert (told.author, told.tool, told.status, told.details["task"]) == ("anna", TOOL, "submitted", 7)
    assert told.details["decisions"] == [
        {"id": "mention-GPE-None", "decision": "other", "by": "ben", "when": "2026-11-29"}
    ]


def test_gold_and_layers_of_others_are_never_replaced(tmp_path):
    made = testing.corpus(tmp_path / "c", [DOCUMENT], {"gold": [GOLD], "mine": [line(("Rebels", "PER"))]})
    with pytest.raises(CorpusError, match="gold itself is never changed"):
        check_place(made, "gold", "gold")
    with pytest.raises(CorpusError, match="'mine' was not made by decisions"):
        check_place(made, "gold", "mine")
    made.write_layer("gold-2", decided(doubt("mention", read("GPE", "Kunduz"), None, "other")).lines.values())
    check_place(made, "gold", "gold-2")


# ---------------------------------------------------------------- files
def test_a_file_that_lost_lines_is_refused_and_faults_are_told_by_the_lines_of_the_file(tmp_path):
    path = tmp_path / "doubts.jsonl"
    ones = [msgspec.structs.replace(doubt("mention", read("GPE", "Kunduz"), None, None), id=x) for x in "abc"]
    files.write(path, Doubts(head(asked=3), tuple(ones)))
    assert len(files.read(path).doubts) == 3
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(DataError, match=r"2 doubts have a line; expected are 3"):
        files.read(path)
    path.write_text("".join(lines).replace('"decision":null', '"decision":"yes"', 1))
    with pytest.raises(DataError) as raised:
        files.read(path)
    assert "doubts.jsonl:2 $.decision" in str(raised.value)
    assert "expected is one of gold, other, both, neither, unclear" in str(raised.value)


def test_doubts_of_another_corpus_are_refused_and_some_are_told(tmp_path):
    corpus = testing.corpus(tmp_path / "c", [DOCUMENT], {"gold": [GOLD]})
    path = tmp_path / "doubts.jsonl"
    own = msgspec.structs.replace(doubt("mention", read("GPE", "Kunduz"), None, "gold"), id="own")
    other = msgspec.structs.replace(own, id="other", document="elsewhere")
    files.write(path, Doubts(head(asked=1), (other,)))
    refused = CliRunner().invoke(app, ["eval", "decisions", str(corpus.path), str(path)])
    assert "they are of another corpus" in str(refused.exception)
    files.write(path, Doubts(head(asked=2, layers={"gold": "as it was"}), (own, other)))
    told = CliRunner().invoke(app, ["eval", "decisions", str(corpus.path), str(path)])
    assert told.exit_code == 0
    assert "1 doubt(s) on documents that this corpus has not" in told.stderr
    assert "gold has changed since" in told.stderr


# ---------------------------------------------------------------- estimates
def head(**fields):
    given = {"units": {"mention": 1000}, "frame": {"gold": 900, "missing": 0}, "asked": 100, **fields}
    return Head(doubts="gold", corpus="c", gold="gold", documents=1, found=100, **given)


def many(number, wrong, *, control=None, says=None):
    """So many decided units of gold, the first of them wrong: nothing is there."""
    return [
        doubt(
            "mention",
            read("GPE", "Kunduz"),
            None,
            "other" if k < wrong else "gold",
            control=control,
            says=says or {},
        )
        for k in range(number)
    ]


def test_errors_are_counted_among_doubts_and_stand_for_more_among_controls():
    found = estimate(head(), [*many(100, 60), *many(90, 2, control=0.1)])
    # 60, and 2 of 90 controls, each of which stands for 900 / 90 units.
    assert found.wrong.value == pytest.approx(80)
    assert found.rate.value == pytest.approx(0.08)
    assert found.wrong.low < 80 < found.wrong.high
    assert found.wrong.low >= 60


def test_a_corrected_f_counts_what_is_no_unit_any_more():
    base = {"mention": {"s": Base(right=800, system=900, gold=1000)}}
    same = {"s": read("GPE", "Kunduz")}
    found = estimate(
        head(base=base), [*many(100, 50, says={"s": None}), *many(90, 9, control=0.1, says=same)]
    )
    [one] = found.systems
    assert one.f == pytest.approx(2 * 800 / 1900)
    # 50 doubts are no units: the system has none of them. 9 of 90 controls stand for 90 of 900 units, which
    # the system has and gold should not.
    assert one.corrected.value == pytest.approx(2 * (800 - 90) / (900 + 1000 - 50 - 90))
    assert one.corrected.low < one.corrected.value < one.corrected.high


def test_a_corrected_f_has_no_interval_of_a_few_wrong_controls_however_many_doubts_are_wrong():
    # Half of the doubts are open, so that theirs is no count; of 900 other units a control or two tell.
    base = {"mention": {"s": Base(right=800, system=900, gold=1000)}}
    undecided = [msgspec.structs.replace(one, decision=None) for one in many(50, 0)]
    same = {"s": read("GPE", "Kunduz")}
    for wrong, is_known in ((1, False), (4, False), (5, True)):
        controls = many(90, wrong, control=0.1, says=same)
        [one] = estimate(head(base=base), [*many(50, 40), *undecided, *controls]).systems
        assert one.corrected.value is not None
        assert (one.corrected.low is not None) == is_known


def test_without_controls_or_decisions_nothing_is_said_of_the_rest():
    assert estimate(head(frame={}), many(100, 60)).rate.value is None
    undecided = [msgspec.structs.replace(one, decision=None) for one in many(90, 0, control=0.1)]
    assert estimate(head(), [*many(100, 60), *undecided]).rate.value is None


def test_what_is_unclear_is_neither_right_nor_wrong():
    unclear = [msgspec.structs.replace(one, decision="unclear") for one in many(10, 0, control=0.1)]
    found = estimate(head(), [*many(100, 60), *many(80, 2, control=0.1), *unclear])
    assert (found.unclear, found.controls_decided) == (10, 80)
    assert found.wrong.value == pytest.approx(60 + 2 * 900 / 80)


def test_a_stratum_that_was_decided_as_a_whole_is_a_count():
    assert errors([Stratum(50, 50, 7)]).low == errors([Stratum(50, 50, 7)]).high == 7


@pytest.mark.parametrize("world", [controls.WORLDS[3], controls.WORLDS[5], controls.WORLDS[6]])
def test_the_interval_covers_the_truth_as_often_as_it_says(world):
    """400 corpora; 95 % less or more three standard errors of a share (1.1 points each)."""
    assert 0.917 <= controls.measure(world, 400, seed=3).share <= 0.983


# ---------------------------------------------------------------- controls
def drawn(tmp_path, **fields):
    texts = [testing.document(f"a{k}a b{k}b c{k}c", id=f"d{k:02}") for k in range(40)]
    gold = {one.id: [((0, 3), "PER"), ((4, 7), "ORG")] for one in texts[:10]}
    gold |= {one.id: [(word, "PER") for word in one.text.split()] for one in texts[10:]}
    system = gold | {f"d{k:02}": [] for k in range(4)}
    made = testing.corpus(tmp_path / "c", texts, {"gold": gold, "system/s": system})
    return find(made, "gold", ["s"], 6, **fields)


def test_controls_are_not_in_doubt_and_have_one_probability_each_of_their_kind(tmp_path):
    found = drawn(tmp_path, controls=0.4, seed=1)
    asked = [one for one in found.doubts if one.control is None]
    checks = [one for one in found.doubts if one.control is not None]
    # Six doubts are three fifths of ten.
    assert (len(asked), len(checks)) == (6, 4)
    assert not {(one.document, one.gold.spans) for one in asked} & {
        (one.document, one.gold.spans) for one in checks
    }
    # 110 units of gold, 6 of them in doubt.
    assert {one.control for one in checks} == {4 / found.head.frame["gold"]}
    assert found.head.frame == {"gold": 104, "missing": 0}


def test_the_seed_decides_which_are_drawn(tmp_path):
    ids = [
        [one.id for one in drawn(tmp_path / str(n), controls=0.4, seed=seed).doubts]
        for n, seed in enumerate((1, 1, 2))
    ]
    assert ids[0] == ids[1] != ids[2]


# ---------------------------------------------------------------- all of it
@pytest.fixture
def pud(shared, tmp_path):
    source = shared / "data" / "uner_pud" / "en_pud-ud-test.iob2"
    if not source.is_file():
        pytest.skip(f"{source} is not here")
    CliRunner().invoke(
        app, ["corpus", "new", str(tmp_path / "pud"), "--from", str(source), "--layer", "gold"]
    )
    return open_corpus(tmp_path / "pud")


def by_truth(one, lines):
    """What somebody who knows the unharmed gold decides, and says is right."""

    def is_right(reading):
        return reading is not None and any(
            (unit.type, unit.spans) == (reading.label, reading.spans) for unit in lines[one.document].mentions
        )

    def is_free(reading):
        spans = [span for unit in lines[one.document].mentions for span in unit.spans]
        return not any(a.start < b.end and b.start < a.end for a in spans for b in reading.spans)

    if is_right(one.gold) or (one.gold is None and not is_right(one.other) and is_free(one.other)):
        return "gold"
    if is_right(one.other) or (one.other is None and is_free(one.gold)):
        return "other"
    return "neither"


def test_decisions_of_somebody_who_knows_bring_gold_nearer_to_the_truth(pud, tmp_path):
    planted.try_out(pud, [0.2, 0.3, 0.3], [], 0.1, seed=5)  # leaves the layers `harmed` and `system/noise-…`
    truth, names = pud.layer("gold"), ["noise-1", "noise-2", "noise-3"]
    found = find(pud, "harmed", names, 200, controls=0.3, seed=1)
    answers = [msgspec.structs.replace(one, decision=by_truth(one, truth), by="ben") for one in found.doubts]
    file = tmp_path / "decided.jsonl"
    files.write(file, Doubts(found.head, tuple(answers)))
    call = ["eval", "decisions", str(pud.path), str(file), "--to", "gold-2", "--json"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    harmed, better = pud.layer("harmed"), pud.layer("gold-2")
    wrong = [
        sum(
            len(
                {(m.type, m.spans) for m in layer[id].mentions}
                ^ {(m.type, m.spans) for m in truth[id].mentions}
            )
            for id in truth
        )
        for layer in (harmed, better)
    ]
    # Four fifths of what was planted is among the doubts; hardly anything else is changed.
    assert wrong[1] < wrong[0] / 2
    assert told["estimates"]["doubts_wrong"] >= 70
    # How many units of harmed gold are wrong, counted: all that the truth does not have.
    units = [(id, m.type, m.spans) for id, one in harmed.items() for m in one.mentions]
    right = {(id, m.type, m.spans) for id, one in truth.items() for m in one.mentions}
    number = sum(unit not in right for unit in units)
    assert told["estimates"]["wrong"]["low"] <= number <= told["estimates"]["wrong"]["high"]


@settings(max_examples=40, deadline=None)
@given(strategies.scenes(least=1), st.sampled_from(["gold", "other"]))
def test_whatever_is_in_layers_doubts_have_ids_and_decisions_keep_gold_sound(
    tmp_path_factory, scene, decision
):
    texts, gold, system = scene
    if not gold:
        return
    folder = tmp_path_factory.mktemp("c") / "c"
    made = testing.corpus(folder, texts, {"gold": gold, "system/s": system})
    found = find(made, "gold", ["s"], 10, controls=0.5, seed=1)
    ids = [one.id for one in found.doubts]
    assert len(ids) == len(set(ids))
    before = made.layer("gold")
    answers = [msgspec.structs.replace(one, decision=decision) for one in found.doubts]
    done = decide(texts, before, answers, None)
    if decision == "gold":
        assert done.lines == before
    for text in texts:
        if text.id in before:
            faults = [annotation_faults(line[text.id], text, None) for line in (before, done.lines)]
            assert len(faults[1]) <= len(faults[0])
