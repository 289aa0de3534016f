"""The measure entity against spaCy's Scorer on flat mentions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.eval.scoring.score import Options, score

pytest.importorskip("spacy", reason="spaCy is not installed", exc_type=ImportError)


@st.composite
def flat(draw):
    """Mentions of a text of ten tokens that do not overlap."""
    spans, at = [], 0
    while at < 10:
        end = at + draw(st.integers(1, 3))
        if end <= 10 and draw(st.booleans()):
            spans.append((at, end, draw(st.sampled_from(["PER", "ORG"]))))
        at = end
    return spans


@settings(max_examples=30)
@given(gold=st.lists(flat(), min_size=2, max_size=2), system=st.lists(flat(), min_size=2, max_size=2))
def test_entity_is_spacy_s_ents(spans_to_layers, gold, system):
    from spacy.scorer import Scorer
    from spacy.tokens import Doc, Span
    from spacy.training import Example
    from spacy.vocab import Vocab

    vocab = Vocab()

    def document(spans):
        doc = Doc(vocab, words=["ab"] * 10)
        doc.set_ents([Span(doc, *span) for span in spans])
        return doc

    examples = [Example(document(theirs), document(ours)) for ours, theirs in zip(gold, system, strict=True)]
    theirs = Scorer.score_spans(examples, "ents")
    documents, *layers = spans_to_layers([10, 10], gold, system)
    result = score(layers[0], {"s": layers[1]}, documents, ["entity"], options=Options(trials=0)).results[0]
    micro = result.averages["micro"]
    if theirs["ents_f"] is None:  # spaCy says None where no document has a mention in gold
        return
    assert theirs["ents_p"] == pytest.approx(micro.precision or 0)
    assert theirs["ents_r"] == pytest.approx(micro.recall or 0)
    assert theirs["ents_f"] == pytest.approx(micro.f or 0)
    for label, figures in theirs["ents_per_type"].items():
        assert figures["f"] == pytest.approx(result.labels[label].f or 0)  # ours: undefined without gold
