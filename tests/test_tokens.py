"""Tags and labels: libraries fed rightly, undefined told as None, wrong input refused with words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.comparison.coefficients import kappa
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


def test_no_tokens_and_only_outside_are_undefined():
    assert kappa([], []) is None
    assert kappa(["O", "O"], ["O", "O"]) is None


tags = st.lists(st.tuples(*[st.sampled_from(["O", "PER", "ORG"])] * 2), max_size=12)


@given(tags)
def test_swapping_sides_changes_no_kappa(pairs):
    one, other = ([pair[k] for pair in pairs] for k in (0, 1))
    assert kappa(one, other) == pytest.approx(kappa(other, one))


@given(tags)
def test_identical_tags_agree_entirely(pairs):
    one = [pair[0] for pair in pairs]
    assert kappa(one, one) in (pytest.approx(1), None)


# ---------------------------------------------------------------- documents
def test_a_document_is_labelled_by_its_events():
    assert event_labels(Annotations(document="d", sha256="")) == frozenset()
