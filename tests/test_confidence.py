"""Confidence against scikit-learn where it knows all gold units, by hand where it does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Excluded, Mention, Span
from goldwire.eval.counting.chunks import make_block
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.coverage import EVERYTHING
from goldwire.eval.counting.reading import Wanted
from goldwire.eval.counting.texts import TextRow, make_texts
from goldwire.eval.errors.confidence import detections as detected
from goldwire.eval.errors.confidence import judge, judge_detections, scores_of
from goldwire.eval.errors.outcomes import find
from goldwire.testing import annotate, mention

detections = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=20
)


@given(detections, st.integers(0, 5))
def test_missed_gold_counts_as_found_never(found, missed):
    """Against scikit-learn, told of missed gold as positives with a score below all others."""
    scores, correct = zip(*found, strict=True)
    gold = sum(correct) + missed
    judged = judge(scores, correct, gold)
    if not gold:
        assert judged.curve == ()
        assert judged.average_precision is None
        return
    precision, recall, thresholds = precision_recall_curve(
        [*correct, *[True] * missed], [*scores, *[-1.0] * missed]
    )
    kept = slice(1 if missed else 0, len(thresholds))  # the point where all is kept, missed gold included
    assert [p.threshold for p in judged.curve] == pytest.approx(thresholds[kept])
    assert [p.precision for p in judged.curve] == pytest.approx(precision[kept])
    assert [p.recall for p in judged.curve] == pytest.approx(recall[kept])


@given(detections)
def test_without_missed_gold_average_precision_is_scikit_learn_s(found):
    scores, correct = zip(*found, strict=True)
    if any(correct):
        assert judge(scores, correct, sum(correct)).average_precision == pytest.approx(
            average_precision_score(correct, scores)
        )


@given(detections)
def test_no_threshold_beats_the_best(found):
    scores, correct = zip(*found, strict=True)
    if any(correct):
        best = judge(scores, correct, sum(correct)).best
        tried = [f1_score(correct, np.array(scores) >= threshold) for threshold in sorted(set(scores))]
        assert best.f == pytest.approx(max(tried))


def test_average_precision_by_hand():
    # Four gold units, two found: at .9 (1 of 1) and .3 (2 of 3). 1/4 x 1 + 1/4 x 2/3.
    assert judge([0.9, 0.8, 0.3], [True, False, True], 4).average_precision == pytest.approx(5 / 12)


def test_calibration_by_hand():
    # Bin .9-1: scores .95 and .91, one right: |.93 - .5| = .43. Bin .2-.3: score .25, right: .75.
    judged = judge([0.95, 0.91, 0.25], [True, False, True], 2)
    assert [(b.detections, b.precision) for b in judged.bins] == [(1, 1.0), (2, 0.5)]
    assert judged.calibration_error == pytest.approx((2 * 0.43 + 0.75) / 3)
    assert judged.brier == pytest.approx((0.05**2 + 0.91**2 + 0.75**2) / 3)


def test_a_score_of_one_belongs_to_the_last_bin():
    [found] = judge([1.0], [True], 1).bins
    assert (found.low, found.high) == (0.9, 1.0)


def test_scores_beyond_one_are_no_probabilities():
    judged = judge([12.5, 3.0], [True, False], 1)
    assert (judged.calibration_error, judged.brier, judged.bins) == (None, None, ())
    assert judged.best.threshold == 12.5


def test_nothing_detected_is_undefined_but_for_average_precision():
    judged = judge([], [], 3)
    assert (judged.average_precision, judged.best, judged.calibration_error) == (0.0, None, None)


def test_nothing_right_is_zero():
    judged = judge([0.5, 0.6], [False, False], 3)
    assert (judged.average_precision, judged.best.f) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("scores", "correct", "gold", "words"),
    [
        ([0.5], [True, False], 2, "1 scores, but 2 judgements"),
        ([float("nan")], [True], 1, "not a finite number"),
        ([0.5, 0.6], [True, True], 1, "2 correct detections of 1 gold units"),
    ],
)
def test_what_cannot_be_is_refused(scores, correct, gold, words):
    with pytest.raises(MeasureError, match=words):
        judge(scores, correct, gold)


# ---------------------------------------------------------------- from layers
TEXTS = [
    make_document(id, "aa bb cc", excluded=regions)
    for id, regions in (("a", ()), ("b", (Excluded(start=0, end=2, reason="byline"),)))
]


def layer(scores):
    """A PER at each word with a score, in document order b, a; "no" for a word without mention."""
    return [
        annotate(
            text,
            *(
                mention((3 * n, 3 * n + 2), "PER", id=f"m{n}", score=score)
                for n, score in enumerate(scores[text.id])
                if score != "no"
            ),
        )
        for text in TEXTS[::-1]
    ]


def confidence(gold, system):
    """What scores are worth, by kind."""
    texts = make_texts(TextRow(id=d.id, sha256=d.sha256, excluded=d.excluded, text=d.text) for d in TEXTS)
    block = make_block(texts, [("gold", gold)], [("s", [system])], Wanted(items=True), EVERYTHING)
    sides = GoldAndSystem(*block.layers, block.texts, block.codes)
    found = {
        kind: judge_detections(detected(found, scores_of(sides.system.items, kind)))
        for kind, found in find(sides).items()
    }
    return {kind: judged for kind, judged in found.items() if judged is not None}


def test_scores_come_from_the_units_that_count():
    gold = layer({"a": [None, "no", "no"], "b": ["no", None, None]})
    # The .99 lies in the byline; b's .2 and a's .9 are right, a's .8 is wrong, b's third is missed.
    system = layer({"a": [0.9, 0.8, "no"], "b": [0.99, 0.2, "no"]})
    judged = confidence(gold, system)["entity"]
    assert (judged.detections, judged.gold) == (3, 3)
    assert [(p.threshold, p.precision, p.recall) for p in judged.curve] == [
        (0.2, pytest.approx(2 / 3), pytest.approx(2 / 3)),
        (0.8, 0.5, pytest.approx(1 / 3)),
        (0.9, 1.0, pytest.approx(1 / 3)),
    ]


def test_a_system_without_scores_has_no_confidence():
    gold = layer({"a": [None, "no", "no"], "b": ["no", None, None]})
    assert confidence(gold, gold) == {}


def test_triggers_and_arguments_have_scores_of_their_own():
    text = TEXTS[0]

    def event(score, argument):
        trigger = Event(
            id="e",
            type="Attack",
            trigger=(Span(3, 5),),
            score=score,
            arguments=(Argument(role="r", mention="m0", score=argument),),
        )
        mention = Mention(id="m0", type="PER", spans=(Span(0, 2),))
        return [Annotations(document="a", sha256=text.sha256, mentions=(mention,), events=(trigger,))]

    found = confidence(event(None, None), event(0.7, 0.4))
    assert {kind: judged.best.threshold for kind, judged in found.items()} == {"event": 0.7, "argument": 0.4}
