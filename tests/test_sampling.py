"""Documents are drawn with exactly the probability that is written down, whatever they are drawn by."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.errors import CorpusError, MeasureError
from goldwire.corpora.formats import conll
from goldwire.corpora.formats.conll import Options
from goldwire.corpora.samples import read, write
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import (
    Annotations,
    Document,
    Event,
    Excluded,
    Mention,
    Meta,
    Provenance,
    Span,
)
from goldwire.eval.sampling import design
from goldwire.eval.sampling.draw import Made, make
from goldwire.eval.sampling.wanted import Wanted


def near(found: Sequence[float], expected: Sequence[float], draws: int) -> bool:
    """Whether shares of draws are those expected within four and a half standard errors."""
    p = np.asarray(expected)
    error = np.sqrt(p * (1 - p) / draws) + 1e-12
    return bool((np.abs(np.asarray(found) - p) <= 4.5 * error).all())


# ---------------------------------------------------------------- designs
def test_what_is_as_large_as_others_together_is_certain_and_the_rest_in_proportion() -> None:
    # 2 of sizes 1, 1, 2, 4: 2 * 4/8 = 1 is certain; of the rest 1 * size / 4.
    assert design.proportional(np.array([1.0, 1, 2, 4]), 2, 0.0).tolist() == [0.25, 0.25, 0.5, 1.0]


def test_chance_keeps_what_has_no_size_above_zero() -> None:
    # 1 of sizes 0 and 3, half by chance: 0.5 * 1/2, and that + 0.5 * 3/3.
    assert design.proportional(np.array([0.0, 3]), 1, 0.5).tolist() == [0.25, 0.75]


def test_sizes_that_are_all_zero_are_alike() -> None:
    assert design.proportional(np.zeros(4), 1, 0.2).tolist() == [0.25] * 4


@given(
    st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=40),
    st.integers(1, 50),
    st.floats(0.01, 1),
)
def test_probabilities_sum_to_the_number_drawn_and_none_is_zero(
    sizes: list[float], number: int, chance: float
) -> None:
    found = design.proportional(np.array(sizes), number, chance)
    assert found.sum() == pytest.approx(min(number, len(sizes)))
    assert (found > 0).all()
    assert (found <= 1).all()
    drawn = design.systematic(found, np.random.default_rng(0))
    assert len({*drawn.tolist()}) == min(number, len(sizes))


def test_units_are_drawn_as_often_as_their_probability_says() -> None:
    sizes = np.array([0.0, 0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 40.0])
    times = np.zeros(len(sizes))
    for seed in range(4000):
        found = design.by_size(sizes, 3, 0.2, np.random.default_rng(seed))
        times[found.units] += 1
    assert near(times / 4000, found.probability.tolist(), 4000)


def test_the_greatest_come_for_certain_ties_by_chance_and_all_others_by_what_is_left_to_it() -> None:
    # 4 of 7, a quarter by chance: 3 by value. 9 is certain, of the three 5s two come; then 1 of the 4 left.
    values = np.array([1.0, 5, 5, 9, 5, 2, 0])
    others, tied = 1 / 4, 2 / 3 + 1 / 3 / 4
    times = np.zeros(len(values))
    for seed in range(4000):
        found = design.by_value(values, 4, 0.25, np.random.default_rng(seed))
        assert len(found.units) == 4
        times[found.units] += 1
    assert found.probability.tolist() == pytest.approx([others, tied, tied, 1, tied, others, others])
    assert near(times / 4000, found.probability.tolist(), 4000)


@pytest.mark.parametrize(
    ("number", "sizes", "shares", "expected"),
    [
        (10, [60, 30, 10], [60, 30, 10], [6, 3, 1]),
        (3, [60, 30, 10], [60, 30, 10], [1, 1, 1]),  # too few for two of each
        (20, [60, 30, 2], [92, 92, 92], [9, 9, 2]),  # the last has no more than two
        (9, [60, 30, 10], [0, 0, 0], [3, 3, 3]),
        (200, [60, 30, 10], [60, 30, 10], [60, 30, 10]),
    ],
)
def test_strata_share_a_draw_out(
    number: int, sizes: list[int], shares: list[float], expected: list[int]
) -> None:
    found = design.allocate(number, sizes, shares)
    assert sum(found) == min(number, sum(sizes))
    least = 1 if number < design.LEAST * len(sizes) else design.LEAST
    assert all(a >= min(least, b) for a, b in zip(found, sizes, strict=True))
    if expected != [6, 3, 1]:
        assert found == expected
    else:  # two of each, and 8 : 6 : 3 is as near as that leaves
        assert found == [5, 3, 2]


# ---------------------------------------------------------------- draws of a corpus
def documents() -> list[Document]:
    """Eight documents of length 10 to 80, of two sources and none; two pairs are near-duplicates."""
    sources = ["a", "a", "a", "b", "b", "b", "b", None]
    groups = [None, "d1", "d1", None, None, None, "d6", "d6"]
    return [
        make_document(f"d{i}", f"{i}" * 10 * (i + 1), meta=Meta(source=source), group=group)
        for i, (source, group) in enumerate(zip(sources, groups, strict=True))
    ]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return create_corpus(tmp_path / "corpus", Manifest(name="t"), documents())


def line(document: Document, status: str | None = None) -> Annotations:
    return Annotations(document=document.id, sha256=document.sha256, provenance=Provenance(status=status))


def drawn(made: Made) -> list[str]:
    return [one.document for one in made.sample.drawn]


def chances(made: Made) -> dict[str, float]:
    return {one.document: one.probability for one in made.sample.candidates}


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"by": "length"},
        {"by": "length", "purpose": "training"},
        {"purpose": "training"},
        {"per": "source", "by": "length"},
        {"per": "source", "by": "length", "allocation": "neyman"},
        {"per": "length:2", "by": "length", "purpose": "training", "chance": 0.5},
    ],
    ids=str,
)
def test_documents_come_as_often_as_is_written_down_one_of_each_group(
    corpus: Corpus, how: dict[str, Any]
) -> None:
    times, draws = Counter[str](), 300
    for seed in range(draws):
        made = make(corpus, Wanted(name="x", number=4, seed=seed, **how))
        assert len({*drawn(made)}) == 4
        assert not {"d1", "d2"} <= {*drawn(made)}
        assert not {"d6", "d7"} <= {*drawn(made)}
        times.update(drawn(made))
    said = chances(made)
    assert sum(said.values()) == pytest.approx(4)
    assert near([times[id] / draws for id in said], [*said.values()], draws)


def test_a_draw_by_chance_takes_groups_alike_and_their_documents_with_half_of_that(corpus: Corpus) -> None:
    made = make(corpus, Wanted(name="x", number=3))
    # 3 of 6: d0, d1 or d2, d3, d4, d5, d6 or d7
    assert chances(made) == pytest.approx({f"d{i}": 0.25 if i in (1, 2, 6, 7) else 0.5 for i in range(8)})
    assert "4 documents nearly repeat others" not in " ".join(made.notes)
    assert "2 documents nearly repeat others" in " ".join(made.notes)


def test_the_same_seed_and_name_draw_the_same(corpus: Corpus) -> None:
    wanted = Wanted(name="x", number=3, by="length")
    assert make(corpus, wanted).sample.candidates == make(corpus, wanted).sample.candidates


def test_what_is_annotated_is_not_drawn_and_what_is_begun_is(corpus: Corpus) -> None:
    texts = corpus.documents()
    corpus.write_layer("gold", [line(texts[0]), line(texts[3], "draft"), line(texts[4], "skipped")])
    made = make(corpus, Wanted(name="x", number=2))
    assert made.sample.draw.before == ("d0",)
    assert {*chances(made)} == {f"d{i}" for i in range(1, 8)}


def test_what_is_annotated_elsewhere_is_noted_though_it_was_not_asked_for(corpus: Corpus) -> None:
    corpus.write_layer("gold", [line(corpus.documents()[i]) for i in (0, 7)])
    made = make(corpus, Wanted(name="x", number=1, documents=frozenset({"d0", "d3", "d4"}), asked="a list"))
    assert made.sample.draw.before == ("d0", "d7")
    assert chances(made) == {"d3": 0.5, "d4": 0.5}
    assert made.sample.draw.how == "by chance, of a list"


def test_documents_without_the_field_are_a_stratum_of_their_own(corpus: Corpus) -> None:
    made = make(corpus, Wanted(name="x", number=4, per="source"))
    # d7, which has none, is a near-duplicate of d6 and lies where that does
    assert {part.name: part.units for part in made.strata} == {"source=a": 2, "source=b": 4}
    alone = [one for one in documents() if one.id != "d6"]
    other = create_corpus(corpus.path.parent / "other", Manifest(name="t"), alone)
    made = make(other, Wanted(name="x", number=4, per="source"))
    assert {part.name: part.drawn for part in made.strata} == {
        "source=a": 1,
        "source=b": 2,
        "source=none given": 1,
    }


def test_fewer_documents_than_strata_are_refused(corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match="would have no probability; ask for 2"):
        make(corpus, Wanted(name="x", number=1, per="source"))


def test_strata_that_give_more_than_their_part_are_named(tmp_path: Path) -> None:
    sources = ["big"] * 38 + ["small"] * 2
    texts = [make_document(f"d{i:02}", f"Text {i}.", meta=Meta(source=one)) for i, one in enumerate(sources)]
    corpus = create_corpus(tmp_path / "c", Manifest(name="t"), texts)
    made = make(corpus, Wanted(name="x", number=10, per="source"))  # of the small one 10 * 2/40 would be half
    assert {part.name: part.drawn for part in made.strata} == {"source=big": 8, "source=small": 2}
    assert "more than their part is drawn of source=small: each stratum gives 2 at least" in made.notes


def test_a_field_that_no_document_has_is_refused(corpus: Corpus) -> None:
    with pytest.raises(MeasureError, match="none has 'sauce'"):
        make(corpus, Wanted(name="x", number=1, per="sauce"))


def test_more_than_there_are_is_everything_for_certain_and_told(corpus: Corpus) -> None:
    made = make(corpus, Wanted(name="x", number=100, by="length"))
    assert len(drawn(made)) == 6
    assert chances(made) == {f"d{i}": 0.5 if i in (1, 2, 6, 7) else 1.0 for i in range(8)}
    assert any("100 documents asked for" in told for told in made.notes)


def test_nothing_that_is_left_to_draw_is_an_error(corpus: Corpus) -> None:
    corpus.write_layer("gold", map(line, corpus.documents()))
    with pytest.raises(CorpusError, match="finished line for each of 8 documents: nothing is left"):
        make(corpus, Wanted(name="x", number=1))


def test_a_document_of_which_all_is_excluded_is_left_out(tmp_path: Path) -> None:
    texts = [
        make_document("a", "Cookies here", excluded=(Excluded(0, 7, "cookie"), Excluded(5, 12, "cookie"))),
        make_document("b", "Cookies news", excluded=(Excluded(0, 7, "cookie"),)),
    ]
    corpus = create_corpus(tmp_path / "c", Manifest(name="t"), texts)
    made = make(corpus, Wanted(name="x", number=1, by="length"))
    assert drawn(made) == ["b"]
    assert made.sample.drawn[0].reason == "5 characters"  # " news"
    assert "1 document left out, all of whose text is excluded" in made.notes


def test_for_training_the_longest_come_first(tmp_path: Path) -> None:
    texts = [make_document(f"d{i}", "x" * (i + 1)) for i in range(20)]
    corpus = create_corpus(tmp_path / "c", Manifest(name="t"), texts)
    made = make(corpus, Wanted(name="x", number=10, by="length", purpose="training"))
    picked = [one.document for one in made.sample.drawn if one.reason != "by chance"]
    assert picked == [f"d{i}" for i in range(19, 11, -1)]  # eight of ten; two by chance


def test_a_name_that_is_taken_is_refused_before_anything_is_drawn(corpus: Corpus) -> None:
    made = make(corpus, Wanted(name="x", number=1))
    write(corpus, made.sample)
    assert read(corpus, "x") == made.sample
    write(corpus, make(corpus, Wanted(name="x", number=1)).sample)  # run again it is the same, and stays
    with pytest.raises(CorpusError, match="name another"):
        make(corpus, Wanted(name="x", number=1, by="length"))
    with pytest.raises(CorpusError, match="name another"):
        write(corpus, make(corpus, Wanted(name="x", number=2)).sample)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"chance": 0.0, "by": "length"}, "without any probability"),
        ({"allocation": "neyman", "by": "length"}, "--per"),
        ({"allocation": "neyman", "per": "source"}, "not chance"),
        ({"per": "nested"}, "parts units, not documents"),
        ({"documents": frozenset()}, "none of the documents asked for"),
    ],
)
def test_what_cannot_be_drawn_is_refused(corpus: Corpus, how: dict[str, Any], said: str) -> None:
    with pytest.raises(CorpusError, match=said):
        make(corpus, Wanted(name="x", number=2, **how))


# ---------------------------------------------------------------- by what systems say
TEXT = "Ana met Ben."


def said(id: str, *units: tuple[str, int, int], **details: Any) -> Annotations:
    """What a system found in `TEXT`: mentions, or triggers where the type is Meet."""
    spans = {n: (Span(start, end),) for n, (_, start, end) in enumerate(units)}
    return Annotations(
        document=id,
        sha256=make_document(id, TEXT).sha256,
        mentions=tuple(
            Mention(id=f"m{n}", type=type, spans=spans[n])
            for n, (type, _, _) in enumerate(units)
            if type != "Meet"
        ),
        events=tuple(
            Event(id=f"e{n}", type=type, trigger=spans[n])
            for n, (type, _, _) in enumerate(units)
            if type == "Meet"
        ),
        provenance=Provenance(details=details),
    )


ANA, BEN, MET = ("PER", 0, 3), ("PER", 8, 11), ("Meet", 4, 7)
ORG = ("ORG", 0, 3)


@pytest.fixture
def three(tmp_path: Path) -> Corpus:
    """Three systems on four documents; the third failed on d3."""
    layers = {
        "system/a": [said("d0", ANA), said("d1", ANA, MET), said("d3", ANA)],
        "system/b": [said("d0", ANA, BEN), said("d1", ANA, MET), said("d3", BEN)],
        "system/c": [said("d1", ANA, MET), said("d3", failed="timeout")],
    }
    texts = [make_document(f"d{i}", TEXT) for i in range(4)]
    return create_corpus(tmp_path / "three", Manifest(name="t"), texts, layers=layers)


def picked(corpus: Corpus, by: Any, number: int = 4, **how: Any) -> dict[str, str]:
    """Reasons by document, in the order to work in."""
    wanted = Wanted(name="x", number=number, purpose="training", by=by, **how)
    return {one.document: one.reason for one in make(corpus, wanted).sample.drawn}


def test_disagreement_is_what_two_systems_differ_on_summed_over_pairs(three: Corpus) -> None:
    # d0: a and b differ on Ben, a and c on Ana, b and c on both: 4. d1: nothing. d2: nobody found anything.
    # d3: c failed; a and b differ on Ana and Ben, 2 in one pair, so 6 in three.
    assert picked(three, "disagreement") == {
        "d3": "6 differences between 3 systems, most in entity",
        "d0": "4 differences between 3 systems, most in entity",
        "d1": "no difference between 3 systems",
        "d2": "no difference between 3 systems",
    }
    assert [*picked(three, "disagreement")][:2] == ["d3", "d0"]


def test_disagreement_by_one_measure_and_of_some_systems(three: Corpus) -> None:
    found = picked(three, "disagreement", systems=("a", "c"), measures=("TI",))
    assert {*found.values()} == {"no difference between 2 systems"}
    found = picked(three, "disagreement", systems=("a", "[bc]"), measures=("entity",))
    assert found["d0"] == "4 differences between 3 systems"


def test_what_systems_found_is_their_mean_over_those_that_cover_a_document(three: Corpus) -> None:
    found = picked(three, "found", measures=("entity", "TC"))
    assert found == {
        "d0": "1 unit found, the mean of 3 systems, most in entity",  # 1, 2 and 0
        "d1": "2 units found, the mean of 3 systems, most in entity",  # 2 each
        "d2": "no unit found, the mean of 3 systems",
        "d3": "1 unit found, the mean of 3 systems, most in entity",  # 1 and 1
    }
    assert next(iter(found)) == "d1"


def test_drawn_for_scoring_probability_is_in_proportion_to_what_was_found(three: Corpus) -> None:
    made = make(three, Wanted(name="x", number=1, by="found", measures=("entity", "TC"), chance=0.5))
    # half of it by chance: 1/8 each; the other half by 1, 2, 0 and 1 of 4
    assert chances(made) == {"d0": 0.25, "d1": 0.375, "d2": 0.125, "d3": 0.25}


def test_where_a_system_failed_is_told(three: Corpus) -> None:
    made = make(three, Wanted(name="x", number=1, by="disagreement", systems=("a", "c")))
    assert "c does not cover 1 of 4 documents: it failed, or was not run there" in made.notes
    assert "1 document that fewer than two systems cover: drawn by chance alone" in made.notes


def test_a_layer_of_a_person_covers_what_it_has_lines_for(three: Corpus) -> None:
    three.write_layer("annotator/anna", [said("d0", ANA)])
    made = make(three, Wanted(name="x", number=1, by="disagreement", systems=("a", "annotator/anna")))
    assert "3 documents that fewer than two systems cover: drawn by chance alone" in made.notes


def test_rare_types_are_those_that_gold_has_least_of(three: Corpus) -> None:
    three.write_layer("gold", [said("d2", ANA, ORG)])
    found = picked(three, "rare", number=3, systems=("a",))
    # PER has 1 in gold: 1/2; Meet has none: 1. d2 is annotated.
    assert found == {
        "d1": "Meet (0 in gold) and PER (1 in gold)",
        "d0": "PER (1 in gold)",
        "d3": "PER (1 in gold)",
    }
    assert next(iter(found)) == "d1"


def test_without_gold_rare_types_are_those_in_few_documents(three: Corpus) -> None:
    found = picked(three, "rare", systems=("a", "b"))
    assert found["d1"] == "Meet (documents: 1) and PER (documents: 3)"
    assert found["d2"] == "nothing was found there"


def test_one_system_cannot_differ(three: Corpus) -> None:
    with pytest.raises(CorpusError, match="there is one: a; name two"):
        make(three, Wanted(name="x", number=1, by="disagreement", systems=("a",)))


def test_a_measure_that_does_not_add_up_over_documents_is_refused(three: Corpus) -> None:
    with pytest.raises(MeasureError, match="do not add up"):
        make(three, Wanted(name="x", number=1, by="found", measures=("surface",)))


def test_a_system_that_is_not_there_is_refused(three: Corpus) -> None:
    with pytest.raises(CorpusError, match="no layer 'nobody'"):
        make(three, Wanted(name="x", number=1, by="found", systems=("nobody",)))


# ---------------------------------------------------------------- by what systems are sure of
def sure(id: str, *scores: float | None) -> Annotations:
    """Mentions of type PER at the first words of a text, with these scores."""
    return Annotations(
        document=id,
        sha256=make_document(id, TEXT).sha256,
        mentions=tuple(
            Mention(id=f"m{n}", type="PER", spans=(Span(*place),), score=score)
            for n, (score, place) in enumerate(zip(scores, [(0, 3), (8, 11), (4, 7)], strict=False))
        ),
    )


def scored(tmp_path: Path, lines: list[Annotations], gold: list[Annotations]) -> Corpus:
    texts = [make_document(line.document, TEXT) for line in [*lines, *gold]]
    texts = [*{one.id: one for one in texts}.values()]
    layers = {"system/s": lines, **({"gold": gold} if gold else {})}
    return create_corpus(tmp_path / "scored", Manifest(name="t"), texts, layers=layers)


def test_a_unit_is_uncertain_as_its_score_is_far_from_0_and_1(tmp_path: Path) -> None:
    corpus = scored(tmp_path, [sure("a", 0.5), sure("b", 0.9, 0.1), sure("c", 1.0, None), sure("d")], [])
    made = make(corpus, Wanted(name="x", number=1, by="uncertainty", chance=0.5))
    # 0.25, 0.09 + 0.09, 0, 0; half by chance: 1/8 each
    assert chances(made) == pytest.approx(
        {"a": 1 / 8 + 0.25 / 0.43 / 2, "b": 1 / 8 + 0.18 / 0.43 / 2, "c": 1 / 8, "d": 1 / 8}
    )
    assert (
        "s: scores of entity units are taken as they are, for gold judges fewer than 50 of them" in made.notes
    )
    found = picked(corpus, "uncertainty")
    assert found["a"] == "1 uncertain unit of s, most in PER"
    assert found["c"] == "no uncertain unit of s"


def test_scores_are_calibrated_on_what_gold_judges(tmp_path: Path) -> None:
    """Gold judges 30 units of score 1, half of them right, and 30 of score 5, all right."""
    low = [(sure(f"low{i:02}", 1.0), sure(f"low{i:02}", *([None] if i % 2 else []))) for i in range(30)]
    high = [(sure(f"high{i:02}", 5.0), sure(f"high{i:02}", None)) for i in range(30)]
    lines = [line for line, _ in [*low, *high]]
    corpus = scored(tmp_path, [*lines, sure("x", 1.0), sure("y", 5.0)], [gold for _, gold in [*low, *high]])
    made = make(corpus, Wanted(name="n", number=1, by="uncertainty", chance=0.5))
    # 0.5 * 0.5, and 61/62 * 1/62: kept from 1 as by one more of either
    low_, high_ = 0.25, 61 / 62 / 62
    assert chances(made) == pytest.approx(
        {"x": 0.25 + low_ / (low_ + high_) / 2, "y": 0.25 + high_ / (low_ + high_) / 2}
    )
    assert "s: scores of entity units are calibrated on 60 that gold judges" in made.notes


def test_scores_that_are_no_probabilities_need_gold(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="from -2 to 5 and are no probabilities"):
        make(scored(tmp_path, [sure("a", 5.0, -2.0)], []), Wanted(name="x", number=1, by="uncertainty"))


def test_a_system_without_scores_is_never_uncertain(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="s: no unit has a score"):
        make(scored(tmp_path, [sure("a", None)], []), Wanted(name="x", number=1, by="uncertainty"))


# ---------------------------------------------------------------- unlike each other
def test_documents_spread_over_texts_are_unlike_each_other(tmp_path: Path) -> None:
    """Of nine alike and one other, with two to be picked: the longest, and the one that is unlike it."""
    texts = [make_document(f"d{i:02}", f"rebels shelled the town {'again ' * (30 - i)}") for i in range(9)]
    texts.append(make_document("other", "Parliament passed a budget on Tuesday after a debate. " + "x" * 60))
    corpus = create_corpus(tmp_path / "c", Manifest(name="t"), texts)
    wanted = Wanted(name="x", number=3, by="length", purpose="training", chance=0.3)
    made = make(corpus, msgspec.structs.replace(wanted, spread=True))
    picked = [one.document for one in made.sample.drawn if one.reason != "by chance"]
    assert picked == ["d00", "other"]
    # one of the eight others came by chance
    assert chances(made) == {id: 1.0 if id in picked else 1 / 8 for id in chances(made)}
    assert [one.document for one in make(corpus, wanted).sample.drawn if one.reason != "by chance"] == [
        "d00",
        "d01",
    ]


@pytest.mark.parametrize("how", [{"purpose": "scoring", "by": "length"}, {"purpose": "training"}])
def test_spread_without_something_to_pick_by_is_refused(corpus: Corpus, how: dict[str, Any]) -> None:
    with pytest.raises(CorpusError, match="draw --for training"):
        make(corpus, Wanted(name="x", number=2, spread=True, **how))


def test_many_small_strata_leave_more_to_chance_and_it_is_told(corpus: Corpus) -> None:
    # three strata of two units: two of the first, which is drawn whole, and one of each other
    wanted = Wanted(name="x", number=4, purpose="training", by="length", per="length:3")
    told = "2 of 4 come by chance: one at least of each stratum that is not drawn whole"
    assert told in make(corpus, wanted).notes


# ---------------------------------------------------------------- real documents whose gold is hidden
def pool(folder: Path, shared: Path, gold: str, *systems: str) -> tuple[Corpus, dict[str, int]]:
    """A file with gold as a corpus without it, with systems; and how many mentions each document has."""
    read = conll.read([shared / "data" / gold], Options())
    layers = {
        f"system/{Path(name).name}": conll.read(
            [shared / "data" / name], Options(), read.documents
        ).annotations
        for name in systems
    }
    corpus = create_corpus(folder / "pool", Manifest(name="pool"), read.documents, layers=layers)
    return corpus, {line.document: len(line.mentions) for line in read.annotations}


@pytest.mark.parametrize(
    ("source", "draws", "how"),
    [
        (("uner_pud/en_pud-ud-test.iob2",), 60, {"by": "length", "per": "length:4"}),
        (("uner_pud/en_pud-ud-test.iob2",), 60, {"by": "length", "purpose": "training", "chance": 0.5}),
        (("wnut17/emerging.test.annotated", "wnut17/flytxt"), 12, {"by": "found", "measures": ("entity",)}),
        (
            ("wnut17/emerging.test.annotated", "wnut17/flytxt", "wnut17/arcada"),
            12,
            {"by": "disagreement", "measures": ("entity",)},
        ),
    ],
    ids=["length", "length for training", "found", "disagreement"],
)
def test_weighted_by_probability_draws_have_as_many_mentions_as_all(
    tmp_path: Path, shared: Path, source: tuple[str, ...], draws: int, how: dict[str, Any]
) -> None:
    """Horvitz and Thompson 1952: the sum of mentions over probabilities is that of all, on average."""
    corpus, mentions = pool(tmp_path, shared, *source)
    found = []
    for seed in range(draws):
        made = make(corpus, Wanted(name="x", number=200, seed=seed, **how))
        assert len(made.sample.drawn) == 200
        assert sum(chances(made).values()) == pytest.approx(200)
        found.append(sum(mentions[one.document] / one.probability for one in made.sample.drawn))
    error = np.std(found, ddof=1) / np.sqrt(draws)
    assert abs(np.mean(found) - sum(mentions.values())) < 5 * error
    assert 0 < error < 0.1 * sum(mentions.values())  # so that the line before can fail


# ---------------------------------------------------------------- the command
def test_a_draw_is_told_kept_and_repeated_without_harm(three: Corpus, said_by: Callable[..., Any]) -> None:
    words = "corpus", "sample", str(three.path), "--name", "r1", "--n", "2", "--system", "a", "--system", "b"
    said = said_by(*words)
    assert (said.code, said.out.partition(",")[0]) == (0, "r1: 2 of 4 documents drawn for scoring")
    assert "by units found of a and b" in said.out
    assert "there is no layer gold yet" in said.err
    assert f"goldwire annotate push {three.path} --pick r1" in said.out
    kept = read(three, "r1")
    assert said_by(*words).code == 0
    assert read(three, "r1") == kept
    other = said_by(*words, "--seed", "1")
    assert (other.code, read(three, "r1")) == (2, kept)
    assert "name another" in other.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--chance 0.5", "--chance has no effect with --by chance"),
        ("--by length --system a", "--system has no effect with --by length"),
        ("--by rare --measure TC", "--measure has no effect with --by rare"),
        ("--by length --allocation neyman", "--allocation has no effect without --per"),
        ("--by length --chance 0", "without any probability"),
        ("--by length --spread text", "draw --for training"),
        ("--name ../x", "cannot name a sample"),
        ("--n 0", "--n"),
    ],
)
def test_what_would_be_passed_over_is_refused(
    three: Corpus, said_by: Callable[..., Any], options: str, said: str
) -> None:
    given = options.split()
    given += [] if "--name" in given else ["--name", "r"]
    given += [] if "--n" in given else ["--n", "1"]
    found = said_by("corpus", "sample", str(three.path), *given)
    assert found.code == 2
    assert said in " ".join(found.err.replace("│", " ").split())
    assert not (three.path / "samples").exists()
