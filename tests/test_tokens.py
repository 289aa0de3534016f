"""Tags and labels: libraries fed rightly, undefined told as None, wrong input refused with words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.comparison.tokens import count_sequences, kappa, score_labels, score_tags
from goldwire.eval.counting.tags import event_labels, tag

TEXT = "Kabul fell to the Taliban."
#       01234567890123456789012345


def layer(*mentions):
    return Annotations(
        document="d",
        sha256="",
        mentions=tuple(
            Mention(id=str(k), type=type, spans=tuple(Span(*span) for span in spans))
            for k, (type, spans) in enumerate(mentions)
        ),
    )


def test_each_token_gets_the_type_of_its_mention():
    assert tag(layer(("GPE", [(0, 5)]), ("ORG", [(14, 25)])), TEXT) == ["GPE", "O", "O", "ORG", "ORG", "O"]


def test_nested_mentions_give_both_types():
    found = tag(layer(("ORG", [(14, 25)]), ("GPE", [(18, 25)])), TEXT)
    assert found == ["O", "O", "O", "ORG", "GPE+ORG", "O"]


def test_the_gap_of_a_discontinuous_mention_is_outside():
    assert tag(layer(("ORG", [(0, 5), (18, 25)])), TEXT) == ["ORG", "O", "O", "O", "ORG", "O"]


def test_a_part_of_a_token_is_enough():
    assert tag(layer(("X", [(4, 7)])), TEXT) == ["X", "X", "O", "O", "O", "O"]


def test_kappa_by_hand():
    # Cohen 1960: agreement 6 of 8 = .75; chance (4/8)(6/8) + (4/8)(2/8) = .5; (.75 - .5) / .5 = .5.
    assert kappa("AAAABBBB", "AAAAAABB") == pytest.approx(0.5)


def test_scores_by_tag_by_hand():
    found = score_tags(["PER", "PER", "ORG", "O", "O"], ["PER", "O", "O", "O", "GPE"])
    assert found.accuracy == pytest.approx(2 / 5)
    assert (found.labels["PER"].precision, found.labels["PER"].recall) == (1, 0.5)
    assert (found.labels["ORG"].precision, found.labels["ORG"].recall) == (None, 0)
    assert (found.labels["GPE"].precision, found.labels["GPE"].recall) == (0, None)
    assert (found.micro.precision, found.micro.recall) == (1 / 2, 1 / 3)


def test_no_tokens_and_only_outside_are_undefined():
    assert score_tags([], []).accuracy is None
    assert score_tags([], []).kappa is None
    outside = score_tags(["O", "O"], ["O", "O"])
    assert outside.accuracy == 1
    assert outside.kappa is None
    assert outside.micro.f is None


def test_sequences_of_unequal_length_are_refused():
    with pytest.raises(MeasureError, match="gold has 1 tags, the system 2"):
        score_tags(["O"], ["O", "O"])
    with pytest.raises(MeasureError, match="gold has 1 tags, the system 2"):
        count_sequences([["O"]], [["O", "O"]])


tags = st.lists(st.tuples(*[st.sampled_from(["O", "PER", "ORG"])] * 2), max_size=12)


@given(tags)
def test_swapping_sides_swaps_precision_and_recall(pairs):
    one, other = ([pair[k] for pair in pairs] for k in (0, 1))
    there, back = score_tags(one, other), score_tags(other, one)
    assert there.kappa == pytest.approx(back.kappa)
    assert there.micro.precision == back.micro.recall
    for label, score in there.labels.items():
        assert (score.precision, score.recall) == (back.labels[label].recall, back.labels[label].precision)


@given(tags)
def test_identical_tags_are_perfect(pairs):
    one = [pair[0] for pair in pairs]
    found = score_tags(one, one)
    assert found.accuracy in (1, None)
    assert found.kappa in (pytest.approx(1), None)
    assert {score.f for score in found.labels.values()} <= {1}


# ---------------------------------------------------------------- documents
def test_document_labels_by_hand():
    gold = [{"Attack", "Die"}, {"Attack"}, set()]
    system = [{"Attack"}, {"Attack", "Meet"}, set()]
    found = score_labels(gold, system)
    assert found.items == 3
    assert found.accuracy == pytest.approx(1 / 3)  # only the empty sets are equal
    assert (found.micro.precision, found.micro.recall) == (2 / 3, 2 / 3)
    assert (found.labels["Die"].precision, found.labels["Die"].recall) == (None, 0)


def test_no_documents_are_undefined():
    found = score_labels([], [])
    assert (found.items, found.accuracy, found.kappa, found.micro.f) == (0, None, None, None)


def test_a_document_is_labelled_by_its_events():
    assert event_labels(Annotations(document="d", sha256="")) == frozenset()


# ---------------------------------------------------------------- sequences
def test_a_stray_inside_opens_a_mention_by_default_and_is_none_by_the_scheme():
    gold, system = [["B-A", "I-A"]], [["I-A", "I-A"]]
    assert count_sequences(gold, system) == {"A": (1, 1, 1, 1)}
    assert count_sequences(gold, system, "IOB2") == {"A": (0, 0, 0, 1)}


def test_sequences_end_at_their_ends():
    assert count_sequences([["B-A"], ["I-A"]], [["B-A"], ["O"]]) == {"A": (1, 1, 1, 2)}


@pytest.mark.parametrize("wrong", ["PER", "B", "X-PER", "", "B-"])
def test_what_is_no_tag_is_refused(wrong):
    with pytest.raises(MeasureError, match="is no tag"):
        count_sequences([[wrong]], [["O"]])


def test_unknown_schemes_and_foreign_prefixes_are_refused():
    with pytest.raises(MeasureError, match="no tagging scheme; known are IOB1"):
        count_sequences([["O"]], [["O"]], "IOB3")
    with pytest.raises(MeasureError, match=r"IOB2: Invalid token is found: S-A"):
        count_sequences([["S-A"]], [["O"]], "IOB2")
