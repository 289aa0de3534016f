"""JSON lines: every fault of a file is told at once, at its place; what was written is what is read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.codec import decode_lines, encode_lines, iter_lines, read_lines
from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.corpora.types import Annotations, Mention, Span

GOOD = b'{"document":"a","sha256":"0"}\n'


def faults(data: bytes) -> list[str]:
    with pytest.raises(DataError) as caught:
        decode_lines(data, Annotations, "x.jsonl")
    return [str(fault) for fault in caught.value.faults]


def test_all_faults_of_all_lines_are_told_with_line_and_path() -> None:
    data = GOOD + b'{"document":"b"}\n' + b'{"document":3,"sha256":"0","mentions":[{"id":"m","type":"X"}]}\n'
    assert faults(data) == [
        "x.jsonl:2 $: required field `sha256` is missing",
        "x.jsonl:3 $.document: Expected `str`, got `int`",
        "x.jsonl:3 $.mentions[0]: required field `spans` is missing",
    ]


def test_fault_inside_a_span_has_the_index_of_the_number() -> None:
    line = b'{"document":"b","sha256":"0","mentions":[{"id":"m","type":"X","spans":[[0,1],[2,-3]]}]}'
    assert faults(line) == ["x.jsonl:1 $.mentions[0].spans[1][1]: Expected `int` >= 0"]


def test_every_wrong_value_of_a_map_is_told() -> None:
    mention = b'{"id":"m","type":"X","spans":[],"attributes":{"a":1,"b":2}}'
    line = b'{"document":"b","sha256":"0","mentions":[' + mention + b"]}"
    assert [fault.split(":")[1] for fault in faults(line)] == [
        "1 $.mentions[0].attributes.a",
        "1 $.mentions[0].attributes.b",
    ]


def test_misspelt_fields_are_refused_and_the_known_ones_listed() -> None:
    (fault,) = faults(b'{"document":"b","sha256":"0","mention":[]}')
    assert fault.startswith("x.jsonl:1 $: unknown field `mention`; known are document, sha256, mentions")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not valid JSON: Input data was truncated"),
        (b'{"document":"\xff"}', "not valid JSON: 'utf-8' codec can't decode"),
        (b'{"document":"\\ud83d","sha256":"0"}', "not valid JSON: a string holds half a character"),
        (b"[" * 100_000, "not valid JSON: it is nested too deeply"),
        (b'{"document":"a","sha256":"0","provenance":{"details":' + b'{"a":' * 100_000, "nested too deeply"),
    ],
    ids=["cut off", "not UTF-8", "lone surrogate", "deep", "deep details"],
)
def test_broken_lines_are_told_apart(line: bytes, reason: str) -> None:
    (fault,) = faults(GOOD + line + b"\n" + GOOD)
    assert fault.startswith("x.jsonl:2 $: ")
    assert reason in fault


def test_empty_lines_crlf_and_a_byte_order_mark_are_passed_over() -> None:
    data = b"\xef\xbb\xbf" + b"\n\r\n".join([b"[0,1]", b"", b"[2,3]"]) + b"\r\n \n"
    assert decode_lines(data, Span) == [Span(0, 1), Span(2, 3)]


def test_lazy_reading_stops_at_the_first_bad_line_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\xef\xbb\xbf[0,1]\n\n[2]\n[4,5]\n")
    values = iter_lines(path, Span)
    assert next(values) == Span(0, 1)
    with pytest.raises(DataError, match="line 3 is wrong"):
        next(values)


@pytest.mark.parametrize("read", [read_lines, lambda path, type: list(iter_lines(path, type))])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CorpusError, match=r"nothing\.jsonl: cannot be read"):
        read(tmp_path / "nothing.jsonl", Span)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
spans = st.builds(Span, st.integers(0, 10**12), st.integers(0, 10**12))
mentions = st.builds(
    Mention,
    id=texts,
    type=texts,
    spans=st.lists(spans, max_size=3).map(tuple),
    head=st.none() | spans,
    attributes=st.dictionaries(texts, texts, max_size=2),
    cluster=st.none() | texts,
    score=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(st.builds(Annotations, document=texts, sha256=texts, mentions=st.lists(mentions).map(tuple))))
def test_what_is_encoded_comes_back(items: list[Annotations]) -> None:
    assert decode_lines(encode_lines(items), Annotations) == items


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_fault(data: bytes) -> None:
    told: tuple[Fault, ...] = ()
    try:
        values = decode_lines(data, Span)
    except DataError as error:
        values, told = [], error.faults
    assert values or told or not data.removeprefix(b"\xef\xbb\xbf").strip()
