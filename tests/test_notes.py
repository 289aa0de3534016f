"""Notes on a record: what is not counted and why; and the rate of rejection."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from goldwire.eval.counting.counts import condense, make_counts
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.notes import Note, iter_notes, make_notes
from goldwire.eval.scoring.parts import CorpusFacts, Coverage
from goldwire.eval.scoring.record import FORMAT, REJECTED, LayerFacts, Record, Result
from goldwire.eval.scoring.rejections import rejection_rate
from goldwire.eval.scoring.tables import encode_patterns
from goldwire.eval.statistics.figures import Score
from goldwire.eval.statistics.intervals import figure_intervals

DOCUMENTS = tuple(f"d{k:02}" for k in range(20))
POLICIES = {"intervals": "unseen-0.95-1000-seed-0", "rejected": "spurious", "unjudged": "left-out"}


def layer(name: str, **more: object) -> LayerFacts:
    where = "gold" if name == "gold" else f"system/{name}"
    return LayerFacts(name=name, layer=where, fingerprint="f", documents=20, **more)


def make_record(*systems: LayerFacts, **more: object) -> Record:
    facts = {
        "gold": layer("gold"),
        "measures": (),
        "policies": POLICIES,
        "documents": DOCUMENTS,
        **more,
    }
    corpus = CorpusFacts(name="news", version="1", fingerprint="c")
    return Record(format=FORMAT, goldwire="0", corpus=corpus, systems=systems or (layer("mine"),), **facts)


def said(record: Record, kind: str) -> list[str]:
    return [note.text for note in iter_notes(record) if note.kind == kind]


def result(system: str, measure: str, given: int, gold: int = 0, value: float | None = None) -> Result:
    score = Score(system=given, gold=gold, system_hits=0, gold_hits=0, f=value)
    form = str(parse(measure))
    return Result(system=system, measure=form, signature="s", value=value, averages={"micro": score})


# ---------------------------------------------------------------- documents
def test_nothing_is_said_where_everything_is_counted():
    assert list(iter_notes(make_record(coverage=Coverage(corpus=20)))) == []


def test_documents_that_gold_does_not_cover_are_told_with_the_units_of_systems_in_them():
    systems = layer("perfect", uncounted=60), layer("peronly", uncounted=40), layer("silent")
    coverage = Coverage(corpus=32, unjudged=9, skipped=2, drafts=1, empty=1)
    assert said(make_record(*systems, coverage=coverage), "coverage") == [
        (
            "Scored on the 20 of 32 documents that gold covers (9 not judged, 2 skipped, 1 draft); "
            "not counted: 60 units of perfect, 40 of peronly."
        )
    ]


def test_a_gold_without_one_empty_line_gets_the_way_out():
    [text] = said(make_record(coverage=Coverage(corpus=21, unjudged=1)), "coverage")
    assert text.endswith("run `goldwire corpus cover`.")
    [text] = said(make_record(coverage=Coverage(corpus=21, unjudged=1, empty=1)), "coverage")
    assert "corpus cover" not in text
    [text] = said(make_record(coverage=Coverage(corpus=21, skipped=1)), "coverage")
    assert "corpus cover" not in text


def test_a_selection_of_documents_is_told_with_how_it_was_made():
    coverage = Coverage(corpus=100, outside=80, asked="split:test")
    [text] = said(make_record(coverage=coverage), "coverage")
    assert text == "Asked for: 20 of 100 documents (split:test)."


def test_skipped_documents_counted_as_they_stand_are_told_and_are_no_reason_for_another():
    policies = {**POLICIES, "unjudged": "empty"}
    record = make_record(coverage=Coverage(corpus=20, skipped=5), policies=policies)
    assert said(record, "coverage") == ["5 documents that gold skipped: counted as gold has them."]
    record = make_record(coverage=Coverage(corpus=21, skipped=5, drafts=1), policies=policies)
    [text] = said(record, "coverage")
    assert text.startswith("Scored on the 20 of 21 documents that gold covers (1 draft).")


def test_failures_are_told_of_all_documents_with_what_was_allowed():
    record = make_record(layer("mine", failed=3, allowed=5), layer("one", failed=1, missing=2))
    assert said(record, "failed") == [
        "mine failed on 3 of 20 documents, which count as empty. Allowed: 5.",
        "one failed on 1 of 20 documents, which counts as empty.",
    ]
    one = make_record(layer("mine", failed=1, allowed=1))
    assert said(one, "failed") == ["mine failed on 1 of 20 documents, which counts as empty. Allowed: 1."]
    assert said(record, "missing") == ["one has no line for 2 documents, which count as empty."]
    assert said(make_record(layer("mine", failed=1, allowed=1)), "failed") == [
        "mine failed on 1 of 20 documents, which counts as empty. Allowed: 1."
    ]


def test_failures_of_a_record_of_the_first_format_are_read_from_what_the_runner_said():
    old = msgspec.structs.replace(make_record(layer("mine", facts={"failed": {"d01": "timeout"}})), format=1)
    assert said(old, "failed") == ["mine failed on 1 of 20 documents, which counts as empty."]


# ---------------------------------------------------------------- rejected
def rejecting(rejected: list[tuple[int, int]], given: int, **more: object) -> Record:
    """A system that gave so many units a document, of which (words-differ, unknown-type) were rejected."""
    rows = [(d, 0, [0, given, 0, 0]) for d in range(20)]
    rows += [(d, k + 1, [n, 0, 0, 0]) for d, both in enumerate(rejected) for k, n in enumerate(both) if n]
    columns = (np.array(column) for column in zip(*rows, strict=True))
    counts = make_counts(DOCUMENTS, ("", "words-differ", "unknown-type"), *columns)
    kinds = {"words-differ": sum(a for a, _ in rejected), "unknown-type": sum(b for _, b in rejected)}
    mine = layer("mine", rejected={kind: number for kind, number in kinds.items() if number})
    return make_record(mine, rejections=(encode_patterns(condense(counts), "mine", REJECTED),), **more)


@pytest.mark.parametrize("format", [1, 2, 3])
def test_what_a_run_of_an_earlier_version_turned_away_is_told_and_never_said_to_count(format):
    facts = {"quarantined": {"mentions": 4, "events": 1, "arguments": 1}}
    old = msgspec.structs.replace(make_record(layer("mine", facts=facts)), format=format)
    [text] = said(old, "rejected")
    assert text.startswith("mine: 6 units rejected when it was run, in no figure; ")
    assert text.endswith("run it again.")


# 3 of 40 units, in two documents.
SOME = [(2, 0), (0, 1), *[(0, 0)] * 18]


def test_the_rate_is_of_all_that_was_given_and_has_an_interval():
    rejected, given, ends = rejection_rate(rejecting(SOME, 2), "mine")
    assert (rejected, given) == (3, 40)
    assert ends.low < 3 / 40 < ends.high


def test_the_interval_of_a_rate_is_drawn_as_that_of_a_precision():
    # Rejected and given by document, put as right and found of a measure: the same documents and draws.
    rows = [(d, 0, [sum(SOME[d]), 2, 0, 0]) for d in range(20)]
    counts = make_counts(DOCUMENTS, ("X",), *(np.array(column) for column in zip(*rows, strict=True)))
    found = figure_intervals(counts, parse("entity"), trials=1000, seed=0)["precision"]
    _, _, ends = rejection_rate(rejecting(SOME, 2), "mine")
    assert (ends.low, ends.high) == pytest.approx((found.low, found.high), abs=0.02)


def test_near_duplicates_are_drawn_together_for_the_rate_too():
    # One group alone tells hardly anything of how the rate varies.
    (_, _, one), (_, _, many) = (
        rejection_rate(rejecting(SOME, 2, groups=groups), "mine") for groups in ((0,) * 20, None)
    )
    assert one.high - one.low > 0.8
    assert many.high - many.low < 0.4


def test_a_rate_without_resampling_has_no_interval():
    record = rejecting(SOME, 2, policies={**POLICIES, "intervals": "none"})
    assert rejection_rate(record, "mine") == (3, 40, None)
    assert rejection_rate(record, "other") is None


def test_a_streamed_record_has_the_rate_as_well():
    record = rejecting(SOME, 2)
    [table] = record.rejections
    times = tuple(np.bincount(np.array(table.documents), minlength=len(table.patterns)).tolist())
    streamed = msgspec.structs.replace(table, documents=(), times=times)
    record = msgspec.structs.replace(record, rejections=(streamed,), documents=())
    rejected, given, ends = rejection_rate(record, "mine")
    assert (rejected, given) == (3, 40)
    assert ends.low < 3 / 40 < ends.high


def test_rejected_units_are_told_by_kind_and_how_they_count():
    [text] = said(rejecting(SOME, 2), "rejected")
    assert text.startswith("mine: 3 of 40 units rejected (7.5, ")
    assert text.endswith("): 2 words-differ, 1 unknown-type; they count as spurious.")
    left_out = rejecting(SOME, 2, policies={**POLICIES, "rejected": "left-out"})
    assert said(left_out, "rejected")[0].endswith("; they are left out.")


def test_measures_that_do_not_see_rejected_units_are_named():
    measures = tuple(str(parse(measure)) for measure in ("entity", "accuracy", "realis"))
    [text] = said(rejecting(SOME, 2, measures=measures), "rejected")
    assert text.endswith("; they count as spurious, but not in accuracy, realis.")


def test_units_lost_from_gold_are_always_told():
    record = make_record(gold=layer("gold", rejected={"words-differ": 1, "outside-text": 4}))
    assert said(record, "lost") == [
        "gold lost 5 units that could not be taken: 4 outside-text, 1 words-differ."
    ]


# ---------------------------------------------------------------- measures
def test_kinds_of_units_that_gold_has_none_of_are_told_with_what_systems_have():
    results = (result("mine", "TI", 40), result("mine", "TC", 41), result("mine", "AC+", 0))
    measures = tuple(item.measure for item in results)
    assert said(make_record(measures=measures, results=results), "undefined") == [
        "Undefined, since gold has no events; mine has 41: TI and TC.",
        "Undefined, since neither gold nor a system has arguments: AC+.",
    ]


def test_a_measure_that_is_defined_for_one_system_is_not_called_undefined():
    results = (result("mine", "TC", 3, 5, 0.4), result("other", "TC", 0))
    record = make_record(layer("mine"), layer("other"), measures=(results[0].measure,), results=results)
    assert said(record, "undefined") == []


# ---------------------------------------------------------------- several records
def test_notes_of_records_shown_together_name_systems_as_they_are_shown_and_stand_once():
    gold = layer("gold", excluded=1)
    records = {
        key: make_record(layer("mine", failed=number), gold=gold) for key, number in (("a", 1), ("b", 2))
    }
    notes = make_notes(records, {("a", "mine"): "a:mine", ("b", "mine"): "b:mine"})
    assert [note.about for note in notes] == ["gold", "a:mine", "b:mine"]
    assert notes[2] == Note(
        kind="failed", about="b:mine", text="b:mine failed on 2 of 20 documents, which count as empty."
    )
