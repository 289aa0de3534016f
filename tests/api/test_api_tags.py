"""Tag sequences at the front door: seqeval's figures, mistakes told."""

import pytest

import goldwire as gw
from goldwire.api import tags
from goldwire.corpora.errors import InputTypeError, InputValueError

GOLD = [["B-PER", "I-PER", "O"], ["B-LOC", "O"], ["O"]]
SYSTEM = [["B-PER", "I-PER", "O"], ["O", "B-LOC"], ["O"]]


def test_figures_by_hand():
    # Two mentions on either side, one of them the same: P, R and F are 1/2.
    record = gw.score_tags(GOLD, SYSTEM)
    assert (record["entity"].precision, record["entity"].recall, record["entity"].f1) == (0.5, 0.5, 0.5)
    assert record.seqeval == {"system": (0.5, 0.5, 0.5)}
    assert len(record.documents) == 3
    assert "|tags:strict-IOB2|" in record["entity"].signature
    assert "seqeval" not in repr(record)


def test_several_systems_and_one_sentence():
    record = gw.score_tags(GOLD[0], {"mine": SYSTEM[0], "other": ["O", "O", "O"]})
    assert record["mine", "entity"].f1 == 1
    assert record["other", "entity"].recall == 0


def test_what_breaks_a_scheme_is_no_mention_with_it_and_one_without():
    gold, system = [["B-A", "I-A"]], [["I-A", "I-A"]]
    assert gw.score_tags(gold, system, "IOB2")["entity"].recall == 0
    assert gw.score_tags(gold, system, None)["entity"].recall == 1
    assert "|tags:conlleval|" in gw.score_tags(gold, system, None)["entity"].signature


def test_a_difference_to_seqeval_is_kept_and_shown(monkeypatch):
    monkeypatch.setattr(tags, "ask_seqeval", lambda *_: tags.Reference(0.25, 0.5, 1 / 3))
    record = gw.score_tags(GOLD, SYSTEM)
    assert record.seqeval["system"].precision == 0.25
    assert repr(record).endswith("seqeval says something else of system: 25.0, 50.0, 33.3")
    assert "seqeval says something else" in record._repr_html_()


def test_only_outside_is_undefined():
    found = gw.score_tags([["O"]], [["O"]])
    assert found["entity"].f1 is None
    assert found.seqeval["system"] == (0, 0, 0)


@pytest.mark.parametrize(
    ("gold", "system", "how", "kind", "told"),
    [
        ([["O"]], [["O", "O"]], "IOB2", InputValueError, r"system \[0\]: 2 tags, gold has 1"),
        ([["O"], ["O"]], [["O"]], "IOB2", InputValueError, "gold has 2 sentences, system has 1"),
        ([["PER"]], [["O"]], "IOB2", InputValueError, r"gold_tags \[0\]\[0\]: 'PER' is no tag"),
        ([["X-PER"]], [["O"]], "IOB2", InputValueError, "'X-PER' is no tag"),
        ([["O"]], [["O"]], "IOB3", InputValueError, "'IOB3' is no tagging scheme; nearest: IOB"),
        ([["S-A"]], [["O"]], "IOB2", InputValueError, "seqeval cannot read these tags: Invalid token"),
        ([[1]], [["O"]], "IOB2", InputTypeError, r"gold_tags\[0\]\[0\]: got 1"),
        ("B-PER", [["O"]], "IOB2", InputTypeError, "gold_tags: got str"),
        ([5], [["O"]], "IOB2", InputTypeError, r"gold_tags\[0\]: got 5"),
    ],
)
def test_mistakes_are_told(gold, system, how, kind, told):
    with pytest.raises(kind, match=told):
        gw.score_tags(gold, system, how)


def test_tags_have_no_texts_to_look_at():
    with pytest.raises(InputValueError, match="looks at words or tokens"):
        gw.score_tags(GOLD, SYSTEM, measures="entity:span+type@head")


def test_tags_that_break_the_scheme_are_counted_and_told():
    # gold: I-PER after O is no mention of IOB2, B-LOC is one; the system's I-LOC and I-ORG break it
    record = gw.score_tags([["O", "I-PER", "B-LOC"]], {"mine": [["I-LOC", "O", "I-ORG"]]}, scheme="IOB2")
    assert record.broken == {"gold": 1, "mine": 2}
    assert "gold: 1 tag broke the scheme and made no mention" in repr(record)
    assert "mine: 2 tags broke the scheme and made no mention" in record._repr_html_()
    sound = gw.score_tags([["B-PER", "I-PER", "O"]], [["B-PER", "I-PER", "O"]])
    assert sound.broken == {"gold": 0, "system": 0}
    assert "broke" not in repr(sound)


def test_what_is_remarked_shows_names_and_never_runs_them():
    name = "<img src=x onerror=alert(1)>\x1b[31m"
    record = gw.score_tags([["B-PER"]], {name: [["I-PER"]]}, scheme="IOB2")
    assert "<img" not in record._repr_html_()
    assert "\x1b" not in repr(record)
