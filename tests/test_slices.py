"""Slices: what parts documents and units, what is refused, what is told, and how each stands to the rest."""

from __future__ import annotations

import msgspec
import pytest

from goldwire import testing
from goldwire.corpora.errors import CorpusError, JudgementError, MeasureError
from goldwire.corpora.store import Splits
from goldwire.corpora.types import Event, Meta, Span
from goldwire.eval.comparison.contender import contenders
from goldwire.eval.comparison.keeping import keep
from goldwire.eval.comparison.slices import compare_slices, find, resolve, sides
from goldwire.eval.counting.slices import decode
from goldwire.eval.gate.baseline import make_baseline
from goldwire.eval.gate.judgement import judge
from goldwire.eval.gate.policy import Policy, Rule
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.slices import parse_slice, parse_slices
from goldwire.eval.report import html, latex, markdown
from goldwire.eval.report.build import make_report
from goldwire.eval.report.frames import frames
from goldwire.eval.report.slices import sheets
from goldwire.eval.scoring.files import decode_record, encode_record
from goldwire.eval.scoring.score import Options, score_corpus
from goldwire.eval.systems.runs import written_out

TEXT = "Ann met Bob in Kabul. Bob left Kabul."


def documents(number: int, **meta):
    """Documents of one text; `meta` are lists with a value for each."""
    return [
        testing.document(TEXT, f"d{i}", meta=Meta(**{name: values[i] for name, values in meta.items()}))
        for i in range(number)
    ]


def corpus(tmp_path, over, gold, system, **layers):
    found = {"gold": testing.layer(over, gold), "system/s": testing.layer(over, system), **layers}
    return testing.corpus(tmp_path / "c", over, found)


def scored(made, *slices, measures=("entity",), **options):
    options = Options(**{"trials": 0, **options}, slices=parse_slices(slices))
    return score_corpus(made, "gold", ["s"], measures, options=options)


def totals(record, slice_, measure="entity"):
    """By value: right of the system, given, right of gold, in gold."""
    found = sides(record, find(record, slice_), "s", parse(measure))
    return {value: side.inside.total().tolist() for value, side in found.items()}


ANN, KABUL = ("Ann", "PER"), ("Kabul", "GPE")


# ---------------------------------------------------------------- string forms
@pytest.mark.parametrize(
    "text",
    [
        *("source", "published:month", "published:day", "length:4", "split", "meta:split", "meta:split:year"),
        *("seen:layer=gold,split=train", "frequency:layer=system/s", "nested", "unit-length", "realis"),
    ],
)
def test_a_slice_parses_back(text):
    assert str(parse_slice(text)) == text
    assert parse_slice(str(parse_slice(text))) == parse_slice(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no slice"),
        ("source:", "is no slice"),
        ("published:decade", "published:month"),
        ("length:1", "2 to 10 parts"),
        ("length:many", "2 to 10 parts"),
        ("seen", "layer=gold,split=train"),
        ("seen:split=train", "layer=gold,split=train"),
        ("seen:layer=a,layers=b", "layer=gold,split=train"),
        ("nested:yes", "write --slice nested"),
    ],
)
def test_what_is_no_slice_is_refused_with_what_to_write(text, told):
    with pytest.raises(MeasureError, match=told):
        parse_slice(text)


# ---------------------------------------------------------------- documents
def test_documents_are_parted_by_what_their_metadata_say(tmp_path):
    over = documents(4, source=["Reuters", "AP", None, "Reuters"])
    made = corpus(tmp_path, over, [[ANN, KABUL]] * 4, [[ANN], [], [ANN], [ANN, KABUL]])
    record = scored(made, "source")
    [slicing] = record.slices
    assert slicing.values == ("Reuters", "AP", "none given")  # most documents first, what is none last
    # Reuters: d0 has 1 of 2 right, d3 2 of 2; AP: nothing; none given: 1 of 2.
    assert totals(record, "source") == {
        "Reuters": [3, 3, 3, 4],
        "AP": [0, 0, 0, 2],
        "none given": [1, 1, 1, 2],
    }
    assert slicing.notes == ("1 document of 4 without source",)


def test_dates_are_parted_and_what_is_no_date_is_told(tmp_path):
    days = ["2024-02-29", "2024-02-01T10:00:00Z", "last week", "2023-12-31"]
    made = corpus(tmp_path, documents(4, published=days), [[ANN]] * 4, [[ANN]] * 4)
    record = scored(made, "published:month", "published:week", "published:year")
    months, weeks, years = record.slices
    assert months.values == ("2023-12", "2024-02", "no date")
    assert weeks.values == ("2023-W52", "2024-W05", "2024-W09", "no date")
    assert years.values == ("2023", "2024", "no date")
    assert any("no ISO 8601 date" in note for note in months.notes)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("Source", "none has 'Source' in its metadata"),
        ("meta:split", "none has 'split' in its metadata"),
        ("source:month", "none has a date in 'source'"),
    ],
)
def test_a_field_that_no_document_has_is_refused(tmp_path, part, told):
    over = documents(3, source=["Reuters", "AP", None])
    made = corpus(tmp_path, over, [[ANN]] * 3, [[ANN]] * 3)
    with pytest.raises(MeasureError, match=told):
        scored(made, part)


def test_lengths_are_parted_into_as_many_documents_as_can_be(tmp_path):
    over = [testing.document("x" * size, f"d{size:03}") for size in (5, 10, 20, 40, 80, 160)]
    made = corpus(tmp_path, over, [[]] * 6, [[]] * 6)
    [three] = scored(made, "length:3").slices
    assert (three.values, three.documents) == (("5–10", "20–40", "80–160"), (0, 0, 1, 1, 2, 2))


def test_documents_of_one_length_stay_together_and_that_is_told(tmp_path):
    made = corpus(tmp_path, documents(4), [[ANN]] * 4, [[ANN]] * 4)
    [slicing] = scored(made, "length:4").slices
    assert slicing.values == (str(len(TEXT)),)
    assert any("make 1 part" in note for note in slicing.notes)
    assert any("nothing to compare" in note for note in slicing.notes)


def test_values_that_differ_in_case_alone_are_told_and_our_own_words_are_quoted(tmp_path):
    over = documents(4, source=["AP", "ap", "none given", None])
    [slicing] = scored(corpus(tmp_path, over, [[ANN]] * 4, [[ANN]] * 4), "source").slices
    assert set(slicing.values) == {"AP", "ap", "“none given”", "none given"}
    assert any("differ in case" in note and "AP, ap" in note for note in slicing.notes)


def test_very_many_values_are_refused_and_many_rare_ones_stand_together(tmp_path):
    made = corpus(tmp_path, documents(60, source=[f"s{i}" for i in range(60)]), [[ANN]] * 60, [[ANN]] * 60)
    with pytest.raises(MeasureError, match=r"60 values.*something coarser"):
        scored(made, "source")
    mostly = ["AP"] * 30 + [f"s{i}" for i in range(30)]
    made = corpus(tmp_path / "more", documents(60, source=mostly), [[ANN]] * 60, [[ANN]] * 60)
    [slicing] = scored(made, "source").slices
    assert len(slicing.values) == 25
    assert slicing.values[-1] == "other values"
    assert totals(scored(made, "source"), "source")["other values"] == [7, 7, 7, 7]  # 31 values, 24 alone


def test_numbers_and_truths_in_metadata_are_values_of_their_own(tmp_path):
    over = [
        testing.document(TEXT, f"d{i}", meta=Meta(more={"desk": desk}))
        for i, desk in enumerate([1, True, "1"])
    ]
    [slicing] = scored(corpus(tmp_path, over, [[ANN]] * 3, [[ANN]] * 3), "desk").slices
    assert sorted(slicing.values) == ["1", "true"]  # the number and the text read alike


def test_near_duplicates_in_several_slices_are_told(tmp_path):
    over = documents(4, source=["a", "b", "a", "b"])
    over = [msgspec.structs.replace(one, group="d0" if i < 2 else None) for i, one in enumerate(over)]
    [slicing] = scored(corpus(tmp_path, over, [[ANN]] * 4, [[ANN]] * 4), "source").slices
    assert any("1 group of near-duplicates" in note for note in slicing.notes)


def test_splits_that_a_corpus_does_not_have_are_refused(tmp_path):
    made = corpus(tmp_path, documents(2), [[ANN]] * 2, [[ANN]] * 2)
    with pytest.raises(CorpusError, match="has no splits"):
        scored(made, "split")


# ---------------------------------------------------------------- units
def test_a_unit_is_in_the_slice_of_its_own_words(tmp_path):
    over = documents(2)
    # Seen in d1: Ann. In d0 gold has Ann and Kabul, the system Ann and a spurious Bob.
    layers = {"earlier": testing.layer(over, {"d1": [ANN]})}
    made = corpus(tmp_path, over, [[ANN, KABUL], []], [[ANN, ("Bob", "PER")], []], **layers)
    options = {"scope": msgspec.structs.replace(Options().scope, documents=frozenset({"d0"}))}
    record = scored(made, "seen:layer=earlier", **options)
    assert totals(record, "seen:layer=earlier") == {"yes": [1, 1, 1, 1], "no": [0, 1, 0, 1]}


def test_a_pair_whose_sides_are_in_two_slices_counts_on_each_side_in_its_own(tmp_path):
    over = [testing.document("New York Times", "d0")]
    made = corpus(tmp_path, over, [[("New York", "GPE")]], [[("New York Times", "GPE")]])
    record = scored(made, "unit-length", measures=["overlap"])
    assert totals(record, "unit-length", "overlap") == {"2": [0, 0, 1, 1], "3": [1, 1, 0, 0]}


def test_words_that_stand_in_what_is_scored_are_no_words_seen_before(tmp_path):
    made = corpus(tmp_path, documents(2), [[ANN]] * 2, [[ANN]] * 2)
    with pytest.raises(CorpusError, match=r"2 documents of the 2 that are scored .*d0, d1"):
        scored(made, "seen:layer=gold")
    with pytest.raises(CorpusError, match="no layer 'golden'"):
        scored(made, "frequency:layer=golden")


def test_words_of_a_split_count_as_seen_in_the_others(tmp_path):
    over = documents(40)
    made = testing.corpus(
        tmp_path / "c",
        over,
        {"gold": testing.layer(over, [[ANN]] * 40), "system/s": testing.layer(over, [[ANN]] * 40)},
        splits=Splits(shares={"train": 0.5, "test": 0.5}),
    )
    from goldwire.corpora import splits

    test = splits.parts(made)["test"]
    scope = msgspec.structs.replace(Options().scope, documents=frozenset(test))
    record = scored(made, "seen:layer=gold,split=train", scope=scope)
    assert totals(record, "seen:layer=gold,split=train") == {"yes": [len(test)] * 4}
    with pytest.raises(CorpusError, match="no split 'dev'"):
        scored(made, "seen:layer=gold,split=dev")


def test_nested_and_discontinuous_units_are_told_from_others(tmp_path):
    over = [testing.document("the mayor of Kabul and Ann left Herat", "d0")]
    gold = [[("mayor of Kabul", "PER"), ("Kabul", "GPE"), ("Herat", "GPE"), ("mayor…Ann", "PER")]]
    record = scored(corpus(tmp_path, over, gold, [[("Herat", "GPE")]]), "nested", "discontinuous")
    # Kabul is inside of "mayor of Kabul", which holds it; "mayor…Ann" only shares a word with it.
    assert totals(record, "nested") == {"no": [1, 1, 1, 2], "yes": [0, 0, 0, 2]}
    assert totals(record, "discontinuous") == {"no": [1, 1, 1, 3], "yes": [0, 0, 0, 1]}


MACRO = "entity:span+type@exact,average=macro"


def test_an_average_over_types_is_of_the_types_within_a_slice(tmp_path):
    over = [testing.document("the mayor of Kabul and Ann left Herat", f"d{number}") for number in range(3)]
    gold = [[("mayor of Kabul", "PER"), ("Kabul", "GPE"), ("Herat", "GPE"), ("Ann", "PER")]] * 3
    given = [[("Herat", "GPE"), ("Kabul", "GPE"), ("mayor of Kabul", "PER")], [("Ann", "GPE")], []]
    made = corpus(tmp_path, over, gold, given)
    both = scored(made, "nested", measures=["entity", MACRO], trials=200)
    [found] = compare_slices(contenders({"r": both}), parse(MACRO))
    # Nested: one of three GPE and one of three PER, nothing wrong: F 1/2 each. Others: of GPE one of three,
    # with Ann wrong, F 2/5; of PER none of three, F 0.
    nested, others = [[one.score.f for one in found.scores if one.value == value] for value in ("yes", "no")]
    assert nested == [pytest.approx(0.5)]
    assert others == [pytest.approx(0.2)]
    # What is said of the measure without types is the same beside it and alone; it is not told by type.
    alone = scored(made, "nested", trials=200)
    of = {name: contenders({"r": record}) for name, record in (("both", both), ("alone", alone))}
    whole, own = (compare_slices(of[name], parse("entity"))[0].scores for name in ("both", "alone"))
    assert whole == own
    assert {decode(label)[1] for label in find(alone, "nested").counts[0].labels} == {""}


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("before", ["Attack", "Meet", None])
def test_which_of_two_events_of_one_trigger_is_right_does_not_depend_on_other_documents(
    tmp_path, before, mirrored
):
    # Two events on "met" have one partner, which either would fit: that whose type is first by name has it.
    # What d0 has makes no difference, though its type is read first.
    over, realis = documents(2), {"Attack": "actual", "Meet": "generic"}

    def line(document, *types):
        events = tuple(
            Event(id=f"e{n}", type=type, trigger=(Span(4, 7),), attributes={"realis": realis[type]})
            for n, type in enumerate(types)
        )
        return msgspec.structs.replace(testing.annotate(document), events=events)

    gold, system = line(over[1], "Meet", "Attack"), line(over[1], "Attack")
    if mirrored:
        gold, system = system, gold
    first = [line(over[0], *filter(None, [before]))]
    made = testing.corpus(tmp_path / "c", over, {"gold": [*first, gold], "system/s": [*first, system]})
    found = totals(scored(made, "realis", measures=["nugget"]), "realis", "nugget")
    # d0's own event is right; in d1 one is, and the other is missing, or spurious.
    right = {"actual": 1 + (before == "Attack"), "generic": int(before == "Meet")}
    assert {value: row[0] for value, row in found.items()} == right
    assert {value: row[2] for value, row in found.items()} == right


def test_arguments_are_parted_by_sentence_distance_and_realis(tmp_path):
    over = [testing.document("Ann attacked Bob. Later, far away, Kabul fell.", "d0")]
    lines = [
        testing.annotate(
            over[0],
            *(("Ann", "PER"), ("Kabul", "GPE")),
            events=[("attacked", "Attack", {"Agent": 0, "Place": 1})],
        )
    ]
    made = testing.corpus(tmp_path / "c", over, {"gold": lines, "system/s": lines})
    record = scored(made, "sentence", "distance", "realis", measures=["AC+", "entity"])
    assert totals(record, "sentence", "AC+") == {"same": [1, 1, 1, 1], "across": [1, 1, 1, 1]}
    # Between "attacked" and "Kabul": Bob . Later , far away , = 7 tokens.
    assert totals(record, "distance", "AC+") == {"0": [1, 1, 1, 1], "4–9": [1, 1, 1, 1]}
    assert totals(record, "realis", "AC+") == {"none given": [2, 2, 2, 2]}
    assert find(record, "sentence").unparted == (str(parse("entity")),)
    assert totals(record, "sentence") == {}


def test_what_a_system_found_under_another_value_makes_no_f_of_0(tmp_path):
    # Gold nests Ann in a longer mention. The system has the longer one alone, which nests nothing there.
    longer = ((0, 11), "PER")
    made = corpus(tmp_path, documents(30), [[longer, ANN, KABUL]] * 30, [[longer, KABUL]] * 30)
    record = scored(made, "nested", trials=100)
    assert totals(record, "nested") == {"no": [60, 60, 30, 30], "yes": [0, 0, 30, 60]}
    [found] = compare_slices(contenders({"r": record}), parse("entity"))
    flat, nested = found.scores
    assert (flat.score.precision, flat.score.recall, flat.score.f) == (1, 1, 1)
    assert (nested.score.precision, nested.score.recall, nested.score.f) == (None, 0.5, None)
    assert [(one.difference, one.p, one.standing) for one in found.scores] == [(None, None, "alone")] * 2


def test_a_slice_that_no_measure_has_units_for_is_refused(tmp_path):
    made = corpus(tmp_path, documents(1), [[ANN]], [[ANN]])
    with pytest.raises(MeasureError, match=r"none of the measures.*MUC"):
        scored(made, "nested", measures=["MUC"])
    with pytest.raises(MeasureError, match="--stream"):
        scored(made, "nested", stream=True)


def test_blanks_around_a_unit_are_none_of_its_words_whatever_other_texts_have(tmp_path):
    for number, other in enumerate(("Ann left", "Ann\nleft")):
        over = [
            testing.document("met Ann", "d0"),
            testing.document("Ann", "d1"),
            testing.document(other, "d2"),
        ]
        lines = testing.layer(over, {"d0": [((3, 7), "PER")], "d2": []})
        earlier = testing.layer(over, {"d1": [ANN]})
        made = testing.corpus(
            tmp_path / f"c{number}", over, {"gold": lines, "system/s": lines, "earlier": earlier}
        )
        record = scored(made, "seen:layer=earlier")
        assert totals(record, "seen:layer=earlier") == {"yes": [1, 1, 1, 1]}


# ---------------------------------------------------------------- in records
def test_a_record_without_slices_has_no_word_of_them(tmp_path):
    made = corpus(tmp_path, documents(1), [[ANN]], [[ANN]])
    assert b"slices" not in encode_record(scored(made))


def test_a_damaged_slice_is_told(tmp_path):
    record = scored(
        corpus(tmp_path, documents(2, source=["a", "b"]), [[ANN]] * 2, [[ANN]] * 2), "source", "nested"
    )
    source, nested = record.slices
    broken = msgspec.structs.replace(source, documents=(0, 3))
    labels = msgspec.structs.replace(nested.counts[0], labels=("PER",))
    other = msgspec.structs.replace(nested, counts=(labels,))
    data = encode_record(msgspec.structs.replace(record, slices=(broken, other)))
    with pytest.raises(Exception, match="2 faults") as error:
        decode_record(data)
    assert [fault.where for fault in error.value.faults] == ["record", "record"]


def test_a_system_scored_later_joins_the_slices_that_are_kept(tmp_path):
    over = documents(2, source=["a", "b"])
    later = {"system/t": testing.layer(over, [[ANN], [KABUL]])}
    made, place = corpus(tmp_path, over, [[ANN, KABUL]] * 2, [[ANN]] * 2, **later), tmp_path / "r.json"
    options = Options(trials=0, slices=parse_slices(["source", "nested"]))
    for system in ("s", "t"):
        kept = keep(score_corpus(made, "gold", [system], ["entity"], options=options), place)
    both = score_corpus(made, "gold", ["s", "t"], ["entity"], options=options)
    assert kept.record.slices == both.slices
    plain = score_corpus(made, "gold", ["t"], ["entity"], options=Options(trials=0))
    with pytest.raises(JudgementError, match="slices: source"):
        keep(plain, place)


# ---------------------------------------------------------------- shown
def test_foreign_values_do_nothing_in_any_view(tmp_path):
    values = ["<script>alert(1)</script>", "a|b", "\x1b[31mred", "100 %_$"]
    made = corpus(tmp_path, documents(4, source=values), [[ANN]] * 4, [[ANN]] * 4)
    report = make_report({"r": scored(made, "source")})
    page = html.render(report, {})
    assert "<script>alert" not in page
    assert "\x1b" not in page
    text = markdown.render(report)
    assert "<script>" not in text
    assert r"a\|b" in text
    assert r"100 \%\_\$" in latex.render(report)
    [table] = sheets(report)
    assert len(table.rows) == 4
    signature = report.slices[0].systems[0].scores[values.index("a|b")].signature
    assert "|slice:source=" in signature
    assert not any("a|b" in one.signature for one in report.slices[0].systems[0].scores)


def test_a_slice_that_is_too_few_is_pale_and_never_better_or_worse(tmp_path):
    made = corpus(tmp_path, documents(4, source=["a", "a", "b", "b"]), [[ANN]] * 4, [[ANN], [ANN], [], []])
    record = scored(made, "source")
    [found] = compare_slices(contenders({"r": record}), parse("entity"))
    assert [one.standing for one in found.scores] == ["too few", "too few"]
    [table] = sheets(make_report({"r": record}))
    assert all(cell.faint for row in table.rows for cell in row)
    assert {row[-1].text for row in table.rows} == {"too few"}


def test_what_gold_has_nothing_of_is_undefined_and_not_0(tmp_path):
    made = corpus(tmp_path, documents(2, source=["a", "b"]), [[ANN], []], [[ANN], [ANN]])
    [found] = compare_slices(contenders({"r": scored(made, "source")}), parse("entity"))
    b = next(one for one in found.scores if one.value == "b")
    assert (b.score.f, b.score.system, b.difference, b.p) == (None, 1.0, None, None)
    assert b.standing == "alone"


def test_a_slice_that_is_worse_is_found_and_its_mirror_is_better(tmp_path):
    over = documents(120, source=["good", "bad"] * 60)
    names = [("Ann", "PER"), ("Kabul", "GPE"), ("Bob", "PER"), ("met", "X"), ("left", "Y")]
    given = [names if i % 2 == 0 else names[:3] for i in range(120)]
    record = scored(corpus(tmp_path, over, [names] * 120, given), "source")
    [found] = compare_slices(contenders({"r": record}), parse("entity"))
    assert {one.value: one.standing for one in found.scores} == {"good": "better", "bad": "worse"}
    # good: F 1; bad: 2 * 3 / (3 + 5) = 0.75.
    assert {one.value: one.difference for one in found.scores} == {"good": 0.25, "bad": -0.25}


def test_units_are_not_parted_by_several_gold_layers(tmp_path):
    over = documents(2, source=["a", "b"])
    made = corpus(tmp_path, over, [[ANN]] * 2, [[ANN]] * 2, other=testing.layer(over, [[ANN]] * 2))
    options = Options(trials=0, references="best", slices=parse_slices(["nested"]))
    with pytest.raises(MeasureError, match="several gold layers"):
        score_corpus(made, ["gold", "other"], ["s"], ["entity"], options=options)


# ---------------------------------------------------------------- runs
NAMES = [("Ann", "PER"), ("Kabul", "GPE"), ("Bob", "PER"), ("met", "X"), ("left", "Y")]


def with_runs(tmp_path, over, gold, *given, slices=("source",)):
    """The record of a system `s` with a layer for each run, or a layer of its own for one."""
    names = [f"system/s/{number}" for number in range(1, len(given) + 1)] if len(given) > 1 else ["system/s"]
    made = testing.corpus(
        tmp_path / "c",
        over,
        {
            "gold": testing.layer(over, gold),
            **{name: testing.layer(over, one) for name, one in zip(names, given, strict=True)},
        },
    )
    layers = written_out(made, ["s"])[0]
    options = Options(slices=parse_slices(slices))
    return score_corpus(made, "gold", layers, ["entity"], options=options)


def test_a_system_with_runs_has_one_row_a_slice_which_is_the_mean(tmp_path):
    over = documents(4, source=["a", "a", "b", "b"])
    first = [[ANN, KABUL], [ANN, KABUL], [ANN], [ANN]]  # a: 1; b: 2 * 2 / (2 + 4)
    second = [[ANN], [ANN], [], []]  # a: 2 * 2 / (2 + 4); b: 0 of 4
    record = with_runs(tmp_path, over, [[ANN, KABUL]] * 4, first, second)
    [found] = compare_slices(contenders({"r": record}), parse("entity"))
    assert (found.system, found.runs, [one.value for one in found.scores]) == ("s", 2, ["a", "b"])
    a, b = found.scores
    assert (a.score.f, b.score.f) == (pytest.approx((1 + 2 / 3) / 2), pytest.approx((2 / 3 + 0) / 2))
    assert (a.score.system, a.score.gold, a.score.gold_hits, a.documents) == ((4 + 2) / 2, 4, (4 + 2) / 2, 2)
    # Run 1: 1 - 2/3; run 2: 2/3 - 0.
    assert (a.difference, b.difference) == (pytest.approx(1 / 2), pytest.approx(-1 / 2))
    assert b.score.precision is None  # the second run has none
    assert "|runs:2|" in a.signature
    assert a.p_holm == a.p  # a and b are one test of one system
    assert (a.standing, b.standing) == ("too few", "too few")

    report = make_report({"r": record})
    [table] = sheets(report)
    assert [(group.title, len(group.rows)) for group in table.groups] == [("s (2 runs)", 2)]
    assert [cell.text for cell in table.rows[0]][3:9] == ["83.3", "3", "3", "4", "2", "+50.0"]
    for page in (markdown.render(report), latex.render(report), html.render(report, {})):
        assert "means over its runs" in page
    assert frames(report)["slices"]["system"].to_list() == ["s", "s"]


@pytest.mark.parametrize("slice_", ["source", "nested"])
def test_a_slice_of_runs_has_the_interval_of_a_record_of_its_units_alone(tmp_path, slice_):
    over = documents(12, source=["a", "b"] * 6)
    given = [[NAMES[:k] for k in (5, 3, 4, 2, 5, 1, *order)] for order in ([2] * 6, [3] * 6, [1, 5] * 3)]
    gold = [NAMES] * 12
    record = with_runs(tmp_path / "whole", over, gold, *given, slices=(slice_,))
    # Nothing is nested: `no` has all units. Of sources, the documents of a are scored by themselves.
    chosen = [k for k in range(12) if slice_ == "nested" or k % 2 == 0]
    own = [[one[k] for k in chosen] for one in given]
    alone = with_runs(
        tmp_path / "part", [over[k] for k in chosen], gold[: len(chosen)], *own, slices=(slice_,)
    )
    [found] = compare_slices(contenders({"r": record}), parse("entity"))
    value = {"source": "a", "nested": "no"}[slice_]
    [score] = [one for one in found.scores if one.value == value]
    assert score.intervals == alone.result("s", "entity").intervals
    assert score.score.f == alone.result("s", "entity").value


def test_a_slice_that_one_run_alone_is_better_in_is_no_better(tmp_path):
    over = documents(120, source=["a", "b"] * 60)
    lucky = [NAMES if k % 2 == 0 else NAMES[:3] for k in range(120)]
    plain = [NAMES[:3]] * 120
    record = with_runs(tmp_path, over, [NAMES] * 120, lucky, plain, plain)
    [found] = compare_slices(contenders({"r": record}), parse("entity"))
    a = found.scores[0]
    # Differences of the runs: 1 - 0.75, 0, 0; all documents of a side are alike. So t is the mean by its
    # standard error, 1, with 2 degrees of freedom, where p is 1 - t / sqrt(2 + t^2).
    assert a.difference == pytest.approx(0.25 / 3)
    assert a.p == pytest.approx(1 - 1 / 3**0.5, abs=1e-6)
    assert a.standing == "too few"  # ten points are less than 4.3 standard errors of 8.3


def test_a_slice_that_all_runs_are_worse_in_is_found(tmp_path):
    over = documents(120, source=["good", "bad"] * 60)
    # Run k does not find one unit in the first k documents of good.
    given = [
        [NAMES[: 4 if k < 2 * run else 5] if k % 2 == 0 else NAMES[:3] for k in range(120)]
        for run in range(3)
    ]
    record = with_runs(tmp_path, over, [NAMES] * 120, *given)
    [found] = compare_slices(contenders({"r": record}), parse("entity"))
    assert {one.value: one.standing for one in found.scores} == {"good": "better", "bad": "worse"}


@pytest.mark.parametrize("slice_", ["source", "unit-length", "nested"])
def test_runs_that_are_all_alike_stand_as_one_does(tmp_path, slice_):
    over = documents(20, source=["a", "b"] * 10)
    names = [*NAMES, ("Bob in Kabul", "Z")]
    given = [names[: 2 + k % 5] for k in range(20)]
    [one] = compare_slices(
        contenders({"r": with_runs(tmp_path / "1", over, [names] * 20, given, slices=(slice_,))}),
        parse("entity"),
    )
    [three] = compare_slices(
        contenders({"r": with_runs(tmp_path / "3", over, [names] * 20, *[given] * 3, slices=(slice_,))}),
        parse("entity"),
    )
    for first, second in zip(one.scores, three.scores, strict=True):
        assert second.p == pytest.approx(first.p, rel=1e-9)
        assert (second.difference, second.score.f) == (
            pytest.approx(first.difference),
            pytest.approx(first.score.f),
        )
        assert second.standing == first.standing


# ---------------------------------------------------------------- gate
def sliced(tmp_path, name, system):
    over = documents(12, source=["a", "b"] * 6)
    return scored(corpus(tmp_path / name, over, [[ANN, KABUL]] * 12, system), "source", "nested")


def test_a_rule_judges_its_slice_alone(tmp_path):
    old = sliced(tmp_path, "old", [[ANN, KABUL]] * 12)
    new = sliced(tmp_path, "new", [[ANN, KABUL], [ANN]] * 6)
    policy = Policy(
        rules=tuple(Rule(measure="entity", slice=f"source:{value}", drop=0.1) for value in ("a", "b"))
    )
    judged = judge(new, make_baseline(old, policy), policy)
    assert [(check.slice, check.verdict) for check in judged.checks] == [
        ("source:a", "pass"),
        ("source:b", "fail"),
    ]
    # In b the system has one of two: F = 2 * 1 / (1 + 2).
    assert judged.checks[1].now == pytest.approx(2 / 3)
    assert judged.checks[1].title == "s entity [source:b]"
    assert judged.checks[1].documents == 6


def test_types_in_a_slice_are_judged_where_units_are_counted_by_both(tmp_path):
    """Not by measures of which the units in a slice are counted together, as if the gate were open."""
    right = [[ANN, KABUL]] * 12
    old, new = (
        corpus(tmp_path / name, documents(12), right, given)
        for name, given in (("o", right), ("n", [[ANN]] * 12))
    )
    policy = Policy(rules=(Rule(measure="entity", slice="nested:no", labels=("GPE",), drop=0.1),))
    both = ("entity", "entity,average=macro")
    for record in (scored(old, "nested"), scored(new, "nested")):
        with pytest.raises(
            JudgementError, match="not counted by type there; score with --measure entity,average=macro"
        ):
            make_baseline(record, policy)
    held = make_baseline(scored(old, "nested", measures=both), policy)
    with pytest.raises(JudgementError, match="the record: slice 'nested': entity is not counted by type"):
        judge(scored(new, "nested"), held, policy)
    [check] = judge(scored(new, "nested", measures=both), held, policy).checks
    assert (check.label, check.before, check.now, check.verdict) == ("GPE", 1.0, 0.0, "fail")


def test_a_slice_that_says_nothing_of_any_measure_is_refused(tmp_path):
    made = corpus(tmp_path, documents(2, source=["a", "b"]), [[ANN]] * 2, [[ANN]] * 2)
    for slice_ in ("source", "length:2", "nested"):
        with pytest.raises(MeasureError, match=rf"{slice_}: none of the measures .*\(surface\)"):
            scored(made, slice_, measures=("surface",))
    with pytest.raises(MeasureError, match="or add a measure of arguments"):
        scored(made, "distance")
    both = scored(made, "source", measures=("surface", "entity")).slices[0]
    assert both.unparted == (str(parse("surface")),)  # named below the table of the other


def test_a_slice_that_is_not_there_cannot_be_judged(tmp_path):
    record = sliced(tmp_path, "old", [[ANN]] * 12)
    policy = Policy(rules=(Rule(measure="entity", slice="seen:no", floor=0.5),))
    with pytest.raises(JudgementError, match=r"no slice 'seen:no'.*score with --slice"):
        make_baseline(record, policy)
    with pytest.raises(JudgementError, match=r"no slice 'source:c'.*source:a"):
        resolve(record, "source:c")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("distance:0", "; score with --slice distance"),
        ("published:month:2021-08", "; score with --slice published:month"),
        ("length:4:1–20", "; score with --slice length:4"),
        ("seen:layer=gold,split=dev:no", "; score with --slice seen:layer=gold,split=dev"),
        ("url:https://a.example/1", "; score with --slice url"),
        ("seen:no", "; score with --slice, for instance --slice seen:layer=gold,split=train"),
        ("source:c", "nearest: source:b, source:a"),  # it has been scored with that: another value is meant
        ("source", "nearest: source:b, source:a"),
    ],
)
def test_what_a_slice_is_to_be_scored_with_is_that_slice(tmp_path, asked, told):
    record = sliced(tmp_path, "old", [[ANN]] * 12)
    with pytest.raises(JudgementError) as found:
        resolve(record, asked)
    assert str(found.value).endswith(told)
