"""What may be passed as gold and as a system: every shape gives the same figures, what is none is told."""

import numpy as np
import polars as pl
import pytest

import goldwire as gw
from goldwire.corpora.errors import GoldwireError, InputTypeError, InputValueError

TEXT = "Anna Schmidt met Tom in Bern."
#       01234567890123456789012345678
GOLD = [("a", 0, 12, "PER"), ("a", 17, 20, "PER"), ("a", 24, 28, "GPE")]
SYSTEM = [("a", 0, 12, "PER"), ("a", 24, 28, "ORG")]
# By span and type one of two is right, of three wanted: P 1/2, R 1/3, F 2/5.
FIGURES = (1 / 2, 1 / 3, 2 / 5)


def figures(gold, system, **how):
    found = gw.score(gold, system, "entity", trials=0, **how)["entity"]
    return found.precision, found.recall, found.f1


def as_rows(units):
    return [dict(zip(("doc_id", "start_char", "end_char", "label"), unit, strict=True)) for unit in units]


def as_frame(units):
    return pl.DataFrame(units, schema=["document", "begin", "end", "label"], orient="row")


class Frame:
    """A data frame seen from outside, as pandas has it: columns by name, offsets as floats of numpy."""

    def __init__(self, units):
        self._columns = dict(zip(("doc", "start", "end", "type"), zip(*units, strict=True), strict=True))
        self._columns["start"] = np.array(self._columns["start"], np.float32)
        self._columns["end"] = np.array(self._columns["end"], np.int16)
        self.columns, self.shape = [*self._columns], (len(units), 4)

    def __getitem__(self, name):
        return self._columns[name]


def as_lines(units):
    mentions = [{"type": type, "spans": [[start, end]]} for _, start, end, type in units]
    return [{"document": "a", "mentions": mentions}]


def as_mapping(units):
    return {"a": [unit[1:] for unit in units]}


def as_mentions(units):
    return {"a": [gw.Mention(type=type, spans=[(start, end)]) for _, start, end, type in units]}


def as_annotations(units):
    return gw.Annotations(document="a", mentions=as_mentions(units)["a"])


def as_generator(units):
    return (unit for unit in units)


SHAPES = [
    list,
    as_generator,
    as_rows,
    as_frame,
    lambda units: as_frame(units).lazy(),
    Frame,
    as_lines,
    lambda units: as_lines(units)[0],
    as_mapping,
    as_mentions,
    as_annotations,
    lambda units: [as_annotations(units)],
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_figures(shape):
    assert figures(shape(GOLD), shape(SYSTEM)) == FIGURES
    assert figures(GOLD, shape(SYSTEM)) == FIGURES
    record = gw.score(shape(GOLD), {"s": shape(SYSTEM), "b": []}, "entity", trials=0)
    assert record["s", "entity"].f1 == 2 / 5
    assert record["b", "entity"].recall == 0


@pytest.mark.parametrize("shape", [list, as_rows, as_frame, as_lines])
def test_a_system_may_be_called_as_a_document_is(shape):
    record = gw.score(GOLD, {"a": shape(SYSTEM)}, "entity", trials=0)
    assert record["a", "entity"].f1 == 2 / 5


def doc(units, id="a"):
    spacy = pytest.importorskip("spacy")
    found = spacy.blank("en")(TEXT)
    found.ents = [found.char_span(start, end, label=type) for _, start, end, type in units]
    found.user_data["id"] = id
    return found


def test_spacy_docs_bring_their_texts():
    assert figures(doc(GOLD), [doc(SYSTEM)]) == FIGURES
    assert figures({"a": doc(GOLD)}, {"a": doc(SYSTEM)}) == FIGURES
    with pytest.raises(InputValueError, match=r"system: 1 unit not in the text"):
        gw.score(doc(GOLD), [("a", 0, 99, "PER")])


def test_docs_without_an_id_are_paired_by_place():
    docs = [doc(GOLD), doc(SYSTEM)]
    for each in docs:
        del each.user_data["id"]
    assert figures(docs[:1], docs[1:]) == FIGURES


def test_events_and_arguments_come_in_the_simple_form():
    mentions = [
        {"id": "p", "type": "PER", "spans": [[0, 12]]},
        {"id": "t", "type": "PER", "spans": [[17, 20]]},
    ]
    arguments = [{"role": "who", "mention": "p"}, {"role": "whom", "mention": "t"}]
    gold = {
        "document": "a",
        "mentions": mentions,
        "events": [{"type": "Meet", "trigger": [[13, 16]], "arguments": arguments}],
    }
    system = {**gold, "events": [{"type": "Meet", "trigger": [[13, 16]], "arguments": arguments[:1]}]}
    record = gw.score(gold, system, trials=0)
    assert record["TC"].f1 == 1
    assert (record["AC+"].precision, record["AC+"].recall) == (1, 1 / 2)


def test_offsets_in_the_simple_form_may_be_numbers_of_other_libraries():
    mentions = [{"type": "PER", "spans": [[0.0, np.int16(12)]], "score": np.float32(0.5)}]
    assert figures([{"document": "a", "mentions": mentions}], GOLD[:1]) == (1, 1, 1)
    with pytest.raises(InputValueError, match=r"gold \[0\]\.mentions\[0\]"):
        gw.score([{"document": "a", "mentions": [{"type": "PER", "spans": [[0, 3.5]]}]}], GOLD)


def test_units_as_structs_may_be_events():
    mention = gw.Mention(id="p", type="PER", spans=(0, 12))
    event = gw.Event(type="Meet", trigger=[(13, 16)], arguments=[gw.Argument(role="who", mention="p")])
    record = gw.score({"a": [mention, event]}, {"a": [mention]}, ["entity", "AC+"], trials=0)
    assert (record["entity"].f1, record["AC+"].recall) == (1, 0)


def test_ids_that_are_numbers_are_those_in_words():
    assert figures([(7, 0, 3, "PER")], [(np.int64(7), 0, 3, "PER")]) == (1, 1, 1)
    assert figures([(7, 0, 3, "PER")], [("7", 0, 3, "PER")]) == (1, 1, 1)


def test_the_same_unit_twice_counts_once_or_is_refused():
    assert figures(GOLD + GOLD, SYSTEM) == FIGURES
    with pytest.raises(InputValueError, match="3 unit"):
        gw.score(GOLD + GOLD, SYSTEM, duplicates="refuse")
    with pytest.raises(InputValueError, match="expected 'set' or 'refuse'"):
        gw.score(GOLD, SYSTEM, duplicates="keep")


def test_nothing_on_a_side_is_no_mistake():
    assert figures(GOLD, []) == (None, 0, 0)
    assert figures([], SYSTEM) == (None, None, None)
    with pytest.raises(InputValueError, match="nothing to score"):
        gw.score([], [])


# ---------------------------------------------------------------- what is judged
def test_a_flat_list_judges_every_document_that_is_named():
    # Three documents: a right one, one that only the system has, one that only the caller names.
    record = gw.score([("a", 0, 3, "X")], [("a", 0, 3, "X"), ("b", 0, 3, "X")], documents=["a", "b", "c"])
    assert record.documents == ("a", "b", "c")
    assert (record["entity"].precision, record["entity"].recall) == (1 / 2, 1)
    assert "|unjudged:named|" in record["entity"].signature
    assert record.coverage.empty == 2
    assert "2 documents without a unit in gold" in repr(record)


def test_lines_judge_the_documents_they_are_of():
    gold = [{"document": "a", "mentions": [{"type": "X", "spans": [[0, 3]]}]}, {"document": "c"}]
    record = gw.score(gold, [("a", 0, 3, "X"), ("b", 0, 3, "X"), ("c", 0, 3, "X")], trials=0)
    assert record.documents == ("a", "c")
    assert record["entity"].precision == 1 / 2
    assert "|unjudged:left-out|" in record["entity"].signature
    assert "Scored on the 2 of 3 documents that gold covers" in repr(record)


def test_other_ids_altogether_are_refused():
    with pytest.raises(InputValueError, match=r"no document in common: gold has 'a', system has 'a\.txt'"):
        gw.score([("a", 0, 3, "X")], [("a.txt", 0, 3, "X")])


def test_documents_are_all_there_are():
    with pytest.raises(InputValueError, match="system: names document 'b', which documents= does not have"):
        gw.score([("a", 0, 3, "X")], [("a", 0, 3, "X"), ("b", 0, 3, "X")], documents=["a"])


# ---------------------------------------------------------------- texts
def test_texts_check_offsets_and_words():
    texts = {"a": TEXT}
    assert figures(GOLD, SYSTEM, documents=texts) == FIGURES
    with pytest.raises(InputValueError, match=r"gold: 1 unit not in the text"):
        gw.score([("a", 24, 30, "GPE")], SYSTEM, documents=texts)
    row = {"document": "a", "start": 0, "end": 4, "type": "PER", "text": "Anne"}
    with pytest.raises(InputValueError, match="the words are 'Anne', the text has 'Anna' there"):
        gw.score([row], SYSTEM, documents=texts)
    line = {"document": "a", "mentions": [{"type": "PER", "spans": [[0, 4]], "text": "Anne"}]}
    with pytest.raises(InputValueError, match="the offsets give 'Anna', the system says 'Anne'"):
        gw.score([line], SYSTEM, documents=texts)


def test_words_without_offsets_are_found_in_a_text():
    line = {"document": "a", "mentions": [{"type": "PER", "text": "Tom"}]}
    assert figures([line], [("a", 17, 20, "PER")], documents={"a": TEXT}) == (1, 1, 1)
    with pytest.raises(InputValueError, match=r"pass documents=\{'a': text\}"):
        gw.score([line], [("a", 17, 20, "PER")])


@pytest.mark.parametrize(
    "measure", ["entity:span+type@head", "entity:span+type@token-iou>=0.5", "surface", "bag"]
)
def test_a_measure_that_looks_at_words_says_that_it_needs_texts(measure):
    with pytest.raises(InputValueError, match=r"looks at words or tokens.*pass documents=\{id: text\}"):
        gw.score(GOLD, SYSTEM, measure)
    assert gw.score(GOLD, SYSTEM, measure, documents={"a": TEXT}, trials=0)[measure].f1 is not None


@pytest.mark.parametrize(
    ("documents", "kind", "told"),
    [
        ("a", InputTypeError, "documents: got str"),
        (3, InputTypeError, "documents: got int"),
        ({"a": 3}, InputTypeError, r"documents\['a'\]: got int; expected the text"),
        ([None], InputTypeError, r"documents\[0\]: got NoneType"),
        (["a", "a"], InputValueError, "'a' occurs twice"),
    ],
)
def test_documents_that_are_none_are_told(documents, kind, told):
    with pytest.raises(kind, match=told):
        gw.score(GOLD, SYSTEM, documents=documents)


def test_a_doc_of_no_document_is_refused():
    with pytest.raises(InputValueError, match="names document 'b', which documents= does not have"):
        gw.score(doc(GOLD), doc(SYSTEM, "b"), documents={"a": TEXT})


def test_documents_may_be_documents():
    given = [gw.Document(id="a", text=TEXT)]
    assert figures(GOLD, SYSTEM, documents=given) == FIGURES
    bound = gw.Annotations(document="a", sha256="0" * 64)
    with pytest.raises(InputValueError, match="gold: was made for another text of document 'a'"):
        gw.score(bound, SYSTEM, documents=given)


# ---------------------------------------------------------------- what is faulty
@pytest.mark.parametrize(
    ("unit", "told"),
    [
        (("a", 12, 0, "PER"), "got start 12 and end 0"),
        (("a", 3, 3, "PER"), "got start 3 and end 3"),
        (("a", -1, 3, "PER"), "got start -1 and end 3"),
        (("a", 0, 3.5, "PER"), "got 3.5 for the end"),
        (("a", None, 3, "PER"), "got None for the start"),
        (("a", float("nan"), 3, "PER"), "got nan for the start"),
        (("a", float("inf"), 3, "PER"), "got inf for the start"),
        (("a", True, 3, "PER"), "got True for the start"),
        (("a", "0", 3, "PER"), "got '0' for the start"),
        (("a", 0, 2**40, "PER"), "got start 0 and end 1099511627776"),
        (("a", 0, 3, None), "got None for the type"),
        (("a", 0, 3, ""), "got '' for the type"),
        ((None, 0, 3, "PER"), "got None for the document"),
        (("", 0, 3, "PER"), "got '' for the document"),
        (("a", 0, 3, "PER", 0.9), r"expected \(document, start, end, type\)"),
    ],
)
def test_a_faulty_unit_is_told_with_its_place(unit, told):
    with pytest.raises(InputValueError, match=rf"gold \[1\]: .*{told}") as caught:
        gw.score([GOLD[0], unit], SYSTEM)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, GoldwireError)


def test_all_faults_of_a_side_are_told_at_once():
    with pytest.raises(InputValueError) as caught:
        gw.score(GOLD, [("a", 3, 0, "X"), ("a", 0, 3, "X"), ("a", 0, 3, 5)])
    assert [fault.path for fault in caught.value.faults] == ["[0]", "[2]"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "got NoneType"),
        (5, "got int"),
        ("gold.jsonl", "got 'gold.jsonl'.*see goldwire.open"),
        ([(0, 12, "PER")], "which names no document"),
        ([gw.Mention(type="PER", spans=(0, 3))], "a Mention without its document"),
        (
            [GOLD[0], {"document": "a"}],
            r"gold\[1\]: got a line of the simple form, the first item is a tuple",
        ),
        ([["B-PER", "O"]], "goldwire.score_tags"),
        ([object()], "got object"),
    ],
)
def test_another_shape_is_a_type_error(value, told):
    with pytest.raises(InputTypeError, match=told) as caught:
        gw.score(value, SYSTEM)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, GoldwireError)


def test_a_frame_without_a_column_says_what_it_has():
    frame = as_frame(GOLD).rename({"document": "file"})
    with pytest.raises(
        InputValueError, match=r"no column for document; its columns are file, begin, end, label"
    ):
        gw.score(frame, SYSTEM)


def test_a_misspelt_key_is_told():
    with pytest.raises(InputValueError, match="got the keys document, mentoins"):
        gw.score([{"document": "a", "mentoins": []}], SYSTEM)


def test_a_document_has_one_line():
    with pytest.raises(InputValueError, match=r"gold \[1\]: document 'a' occurs twice"):
        gw.score(as_lines(GOLD) * 2, SYSTEM)
    with pytest.raises(InputValueError, match="document 'a' occurs twice"):
        gw.score([as_annotations(GOLD)] * 2, SYSTEM)


def test_an_argument_of_no_mention_is_told():
    event = gw.Event(type="Meet", trigger=(13, 16), arguments=[gw.Argument(role="who", mention="x")])
    with pytest.raises(InputValueError, match="there is no mention 'x'"):
        gw.score({"a": [event]}, {"a": []}, "AC+")


def test_names_and_documents_are_not_mixed():
    with pytest.raises(InputTypeError, match="'a' has the units of a document"):
        gw.score(GOLD, {"mine": SYSTEM, "a": [(0, 12, "PER")]})
    with pytest.raises(InputTypeError, match="for a name"):
        gw.score(GOLD, {3: SYSTEM})


# ---------------------------------------------------------------- structs
def test_spans_of_a_mention_are_made_of_pairs_or_refused_at_once():
    assert gw.Mention(type="X", spans=((0, 3),)).spans == (gw.Span(0, 3),)
    assert gw.Mention(type="X", spans=(np.int64(0), 3.0)).spans == (gw.Span(0, 3),)
    for wrong in ([(3, 0)], [(0,)], [(0, 2.5)], [], [(0, 3, 5)]):
        with pytest.raises(InputValueError):
            gw.Mention(type="X", spans=wrong)
    for wrong in (3, "0-3"):
        with pytest.raises(InputTypeError):
            gw.Mention(type="X", spans=wrong)


def test_the_hash_of_a_document_is_computed():
    # sha256sum of the same bytes: printf 'Kabul fell.' | sha256sum
    assert gw.Document(id="a", text="Kabul fell.").sha256.startswith("42bf532f")
    with pytest.raises(InputValueError, match="leave it out"):
        gw.Document(id="a", text="Kabul fell.", sha256="0" * 64)


def test_structs_and_tuples_have_the_same_fingerprint():
    one, other = (gw.score(gold, SYSTEM, "entity", trials=0) for gold in (GOLD, as_mentions(GOLD)))
    ids = {"a": [gw.Mention(id=f"m{n}", type=t, spans=(s, e)) for n, (_, s, e, t) in enumerate(GOLD)]}
    assert gw.score(ids, SYSTEM, "entity", trials=0) == one
    assert other["entity"].f1 == one["entity"].f1
