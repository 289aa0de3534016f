"""COR, INC, PAR, MIS and SPU, counted by hand."""

import pytest

from goldwire.corpora.store import make_document
from goldwire.eval.errors.semeval import applies
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.score import Options, score
from goldwire.testing import annotate

DOCUMENT = make_document("d", "x" * 40)


def layer(*units):
    return [annotate(DOCUMENT, *units)]


# right; wrong type; too long; too long and wrong type; missed. The system has one more on its own.
GOLD = layer((0, 4, "A"), (5, 9, "A"), (10, 12, "A"), (15, 18, "A"), (20, 24, "A"))
SYSTEM = layer((0, 4, "A"), (5, 9, "B"), (10, 14, "A"), (14, 18, "B"), (30, 33, "A"))
CASES = {
    "entity": {"COR": 1, "INC": 3, "PAR": 0, "MIS": 1, "SPU": 1},
    "untyped": {"COR": 2, "INC": 2, "PAR": 0, "MIS": 1, "SPU": 1},
    "partial": {"COR": 2, "INC": 0, "PAR": 2, "MIS": 1, "SPU": 1},
    "overlap": {"COR": 2, "INC": 2, "PAR": 0, "MIS": 1, "SPU": 1},
}


@pytest.mark.parametrize("measure", CASES)
def test_every_unit_is_in_one_class(measure):
    record = score(GOLD, {"s": SYSTEM}, [DOCUMENT], [measure], options=Options(trials=0, classes=True))
    assert record.results[0].classes == CASES[measure]


def test_classes_are_told_only_where_they_are_asked_for_and_defined():
    record = score(GOLD, {"s": SYSTEM}, [DOCUMENT], ["entity", "iou50"], options=Options(trials=0))
    assert [result.classes for result in record.results] == [{}, {}]
    assert applies(parse("TC"))
    assert not any(applies(parse(name)) for name in ("iou50", "AC+", "nugget", "type+realis", "surface"))


def test_of_equal_choices_the_one_with_most_in_common_is_taken():
    # Either system mention could be the one of the wrong type; the longer is, and the other is spurious.
    record = score(
        layer((0, 10, "A")),
        {"s": layer((0, 2, "B"), (2, 10, "B"))},
        [DOCUMENT],
        ["entity"],
        options=Options(trials=0, classes=True),
    )
    assert record.results[0].classes == {"COR": 0, "INC": 1, "PAR": 0, "MIS": 0, "SPU": 1}
