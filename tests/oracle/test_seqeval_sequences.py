"""Tag sequences against seqeval's own report, default and strict, on random and on broken sequences."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval import scheme as schemes
from seqeval.metrics import classification_report

from goldwire.eval.comparison.tokens import count_sequences

PREFIXES = {
    None: "BI",
    "IOB1": "BI",
    "IOB2": "BI",
    "IOE1": "EI",
    "IOE2": "EI",
    "IOBES": "BIES",
    "BILOU": "BILU",
}


@st.composite
def sequences(draw, prefixes):
    alphabet = ["O", *(f"{prefix}-{label}" for prefix in prefixes for label in ("PER", "ORG"))]
    lengths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=4))
    return [
        [draw(st.lists(st.sampled_from(alphabet), min_size=n, max_size=n)) for n in lengths] for _ in range(2)
    ]


@pytest.mark.parametrize("scheme", PREFIXES)
@given(st.data())
def test_counts_are_those_of_the_report(scheme, data):
    gold, system = data.draw(sequences(PREFIXES[scheme]))
    strict = {} if scheme is None else {"mode": "strict", "scheme": getattr(schemes, scheme)}
    found = count_sequences(gold, system, scheme)
    if not found:  # seqeval's report does not survive sequences without any mention
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns of undefined figures and says 0
        report = classification_report(gold, system, output_dict=True, zero_division=0, **strict)
    for label, (hits, given_, _, wanted) in found.items():
        theirs = report[label]
        assert theirs["support"] == wanted
        assert theirs["precision"] == pytest.approx(hits / given_ if given_ else 0)
        assert theirs["recall"] == pytest.approx(hits / wanted if wanted else 0)
        assert theirs["f1-score"] == pytest.approx(2 * hits / (given_ + wanted))
