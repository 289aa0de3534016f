"""Coefficients beyond chance: what they are counted on, what is undefined and why, how layers are read."""

import math
import time

import msgspec
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from goldwire import testing
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Event, Excluded, Mention, Span
from goldwire.eval.comparison import coefficients, disorder, gamma
from goldwire.eval.comparison.agreement import agree
from goldwire.eval.comparison.coefficients import About, Terms, estimate, kappa_rows
from goldwire.eval.comparison.disorder import TooManyError
from goldwire.eval.comparison.unitizing import Continuum, measure, rows, unitizing

TEXT = "aa bb cc dd ee ff gg hh ii jj"
DOCUMENTS = [make_document(f"d{k}", TEXT) for k in range(6)]


def layer(words, documents=DOCUMENTS):
    units = {id: [((3 * n, 3 * n + 2), type) for n, type in chosen.items()] for id, chosen in words.items()}
    return {line.document: line for line in testing.layer(documents, units, status="submitted")}


def by_name(found):
    return {(one.name, one.of, one.label): one for one in found.coefficients}


def unit(name, of="mention", label=""):
    return (name, of, label)


def test_perfect_agreement_is_one_of_each_kind_without_an_interval():
    same = layer({f"d{k}": {k: "PER", k + 2: "ORG"} for k in range(6)})
    found = by_name(agree({"a": same, "b": same, "c": same}, DOCUMENTS, ["entity"]))
    for name in (unit("alpha-u"), unit("alpha-u-binary"), unit("gamma"), ("alpha", "token", "")):
        one = found[name]
        assert one.value == pytest.approx(1), name
        assert (one.low, one.high) == (None, None), name  # no resample differs: that is no certainty
    assert found[unit("alpha-u", label="ORG")].value == pytest.approx(1)


def test_alpha_for_unitizing_counts_characters_of_those_who_annotated():
    # d0: both; d1: Anna alone, of whom nothing is to be compared there. Two views of 29 characters.
    found = by_name(
        agree({"a": layer({"d0": {0: "PER"}, "d1": {3: "PER"}}), "b": layer({"d0": {0: "ORG"}})}, DOCUMENTS)
    )
    one = found[unit("alpha-u")]
    assert (one.count, one.documents) == (2 * 29, 1)
    # Lengths: PER 2, ORG 2, gaps 54; unlike on 2 characters of each. Pairs of different characters:
    # 58² - (2² + 2² + 54) = 3302; alike by chance: 2² - 2² + 2² - 2² + 54² - 54 = 2862.
    assert one.value == pytest.approx(1 - (4 / 58) / ((3302 - 2862) / 3302))
    assert found[unit("alpha-u-binary")].value == pytest.approx(1)
    assert one.low is None  # one document tells nothing of how documents differ


def test_units_of_one_person_that_overlap_are_cut_at_their_edges():
    # Anna has A on 0-6 and B on 4-10; Ben has pieces of these very kinds side by side.
    nested = Continuum(
        12, {"anna": [(0, 6, "A"), (4, 10, "B")], "ben": [(0, 4, "A"), (4, 6, "A+B"), (6, 10, "B")]}
    )
    found = rows([measure(nested)])
    assert float(found.statistic(found.table.sum(axis=0))[0]) == pytest.approx(1)


def test_excluded_regions_are_cut_out_of_the_text():
    # Of 29 characters 12 to 29 are a byline; what Anna marks there is not seen.
    short = [make_document("d0", TEXT, excluded=(Excluded(start=12, end=29, reason="byline"),))]
    sides = {"a": layer({"d0": {0: "PER", 8: "PER"}}, short), "b": layer({"d0": {0: "PER"}}, short)}
    one = by_name(agree(sides, short))[unit("alpha-u")]
    assert (one.count, one.value) == (24, 1)


def test_what_nobody_marked_has_no_coefficient_but_says_why():
    found = agree({"a": layer({"d0": {}}), "b": layer({"d0": {}})}, DOCUMENTS)
    assert [(one.name, one.value, one.why) for one in found.coefficients] == [
        ("kappa", None, "all have one value"),
        ("alpha", None, "all have one value"),
    ]
    assert next(unitizing("mention", ["a", "b"], [Continuum(9, {"a": [], "b": []})], Terms())).why


def test_one_value_that_all_give_everywhere_is_undefined():
    whole = Continuum(4, {"a": [(0, 4, "X")], "b": [(0, 4, "X")]})
    first, binary, own = unitizing("mention", ["a", "b"], [whole], Terms())
    # The only piece of each person is one unit: a pair across people is all there is, and it is alike.
    assert [(one.value, one.why) for one in (first, binary, own)] == [(None, "all have one value")] * 3


# ---------------------------------------------------------------- attributes
def event(id, word, type="Die", **attributes):
    return Event(id=id, type=type, trigger=(Span(3 * word, 3 * word + 2),), attributes=attributes)


def with_events(*events):
    return {"d0": msgspec.structs.replace(layer({"d0": {}})["d0"], events=events)}


def test_attributes_are_compared_on_events_with_the_same_trigger_and_type():
    anna = with_events(event("1", 0, realis="yes"), event("2", 1, realis="no"), event("3", 2, realis="no"))
    ben = with_events(
        event("1", 0, realis="yes"),
        event("2", 1, realis="yes"),
        event("3", 2, "Hit", realis="no"),
        event("4", 5),
    )
    one = by_name(agree({"anna": anna, "ben": ben}, DOCUMENTS))["alpha", "event", "realis"]
    # Shared: words 0 (yes, yes) and 1 (no, yes); the third has another type. Four values, 3 yes and 1 no:
    # 1 - (4 - 1) * 2 / (4² - 3² - 1²) = 0.
    assert (one.count, one.value) == (4, pytest.approx(0))


def test_an_attribute_that_no_two_gave_one_unit_is_told_so():
    anna, ben = with_events(event("1", 0, realis="yes")), with_events(event("1", 3, realis="yes"))
    one = by_name(agree({"anna": anna, "ben": ben}, DOCUMENTS))["alpha", "event", "realis"]
    assert (one.value, one.why) == (None, "no unit that two people share has a value from both")


def test_a_mention_given_twice_is_one_and_a_discontinuous_one_has_its_spans():
    twice = (Mention(id="1", type="PER", spans=(Span(0, 2), Span(6, 8))),) * 2
    line = msgspec.structs.replace(layer({"d0": {}})["d0"], mentions=twice)
    found = by_name(agree({"a": {"d0": line}, "b": layer({"d0": {0: "PER", 2: "PER"}})}, DOCUMENTS))
    assert found[unit("alpha-u")].value == pytest.approx(1)
    assert found[unit("gamma")].count == 1 + 2


# ---------------------------------------------------------------- kappa
def test_kappa_is_that_of_scikit_learn_and_adds_up_over_documents():
    random = np.random.default_rng(5)
    pairs = [tuple(random.choice(list("ABO"), (2, 12)).tolist()) for _ in range(8)]
    one = estimate(About("kappa", "token", ("a", "b")), kappa_rows(pairs), Terms())
    theirs = cohen_kappa_score([t for a, _ in pairs for t in a], [t for _, b in pairs for t in b])
    assert one.value == pytest.approx(theirs, abs=1e-12)
    assert one.low < one.value < one.high


def test_intervals_of_alpha_hold_the_truth_about_as_often_as_they_say():
    """Two people who differ on a tenth of binary units: alpha is .8 in the long run, over 30 documents."""
    random, held = np.random.default_rng(8), 0
    for trial in range(200):
        first = random.integers(0, 2, (30, 20))
        second = np.where(random.random((30, 20)) < 0.1, 1 - first, first)
        documents = [
            coefficients.tally([dict(enumerate(map(str, one))), dict(enumerate(map(str, two)))])
            for one, two in zip(first, second, strict=True)
        ]
        found = estimate(
            About("alpha", "token", "ab"), coefficients.alpha_rows(documents), Terms(seed=trial, trials=400)
        )
        held += found.low <= 0.8 <= found.high
    assert 180 <= held <= 200  # 95 % of 200 is 190; three standard deviations are 9


# ---------------------------------------------------------------- gamma
def test_gamma_is_the_same_for_the_same_seed_and_near_for_another():
    sides = {
        "a": layer({f"d{k}": {0: "PER", 4: "ORG"} for k in range(6)}),
        "b": layer({f"d{k}": {0: "PER", 5: "ORG"} for k in range(6)}),
    }
    once, again, other = (
        by_name(agree(sides, DOCUMENTS, terms=Terms(seed=seed)))[unit("gamma")].value for seed in (1, 1, 2)
    )
    assert once == again
    assert once == pytest.approx(other, abs=0.02)


def test_gamma_of_random_marks_is_about_nothing():
    random = np.random.default_rng(3)

    def marks():
        return {f"d{k}": {int(n): "PER" for n in random.choice(10, 3, replace=False)} for k in range(40)}

    documents = [make_document(f"d{k}", TEXT) for k in range(40)]
    found = agree({"a": layer(marks(), documents), "b": layer(marks(), documents)}, documents)
    assert by_name(found)[unit("gamma")].value == pytest.approx(0, abs=0.12)


def test_too_many_units_are_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(disorder, "MANY", 3)
    with pytest.raises(TooManyError, match="cut the document into shorter ones"):
        disorder.disorder([np.array([[0.0, 1, 0], [2, 3, 0]])] * 2)
    monkeypatch.setattr(disorder, "CANDIDATES", 3)
    with pytest.raises(TooManyError, match="compare fewer people at a time"):
        disorder.disorder([np.array([[0.0, 1, 0], [2, 3, 0]])] * 3)


def test_gamma_that_is_refused_is_none_with_the_reason_and_the_rest_stands(monkeypatch):
    monkeypatch.setattr(disorder, "MANY", 0)
    same = layer({"d0": {0: "PER"}})
    found = by_name(agree({"a": same, "b": same}, DOCUMENTS))
    assert found[unit("gamma")].value is None
    assert "cut the document" in found[unit("gamma")].why
    assert found[unit("alpha-u")].value == pytest.approx(1)


def test_both_ways_to_solve_a_piece_agree(monkeypatch):
    random = np.random.default_rng(11)
    for _ in range(10):
        begins = [np.sort(random.integers(0, 40, 8)) for _ in range(3)]
        sides = [
            np.stack([b, b + random.integers(1, 8, 8), random.integers(0, 2, 8)], axis=1).astype(float)
            for b in begins
        ]
        walked = disorder.disorder(sides)
        monkeypatch.setattr(disorder, "WAYS", 0)
        assert disorder.disorder(sides) == pytest.approx(walked)
        monkeypatch.undo()


@pytest.mark.slow
def test_time_grows_with_the_text_and_no_faster():
    def seconds(size):
        random = np.random.default_rng(1)
        sides = []
        for _ in range(3):
            begins = np.sort(random.integers(0, size * 20, size))
            sides.append(np.stack([begins, begins + 5, random.integers(0, 3, size)], axis=1).astype(float))
        begun = time.perf_counter()
        disorder.disorder(sides)
        return time.perf_counter() - begun

    seconds(50)
    assert seconds(800) < 16 * 4 * max(seconds(50), 0.005)


def test_a_person_without_a_unit_has_disorder_but_no_share_in_alignments():
    # Two units of one, none of the other: two unitary alignments, each with nobody's unit beside it.
    assert disorder.disorder([np.array([[0.0, 2, 0], [4, 6, 0]]), np.zeros((0, 3))]) == 2
    row = gamma.rows([Continuum(9, {"a": [(0, 2, "X")], "b": []})], samples=50)
    assert math.isfinite(float(row.statistic(row.table.sum(axis=0))[0]))
