"""Event nuggets are read where they fit their text; a malformed file is refused with line and reason."""

from pathlib import Path

import pytest

from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.formats import Reading, tbf
from goldwire.corpora.formats.tbf import Options
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span

TEXT = "On their way they made it home ."
#       1  2     3   4    5    6  7    8
EXAMPLE = make_document("example", "On our way we made home .")
#                                   t1 t2  t3  t4 t5   t6   t7


def lines(*rows: str, document: str = "a") -> str:
    body = [row.replace(" | ", "\t") for row in rows]
    return "\n".join([f"#BeginOfDocument {document}", *body, "#EndOfDocument", ""])


def read(tmp_path: Path, text: str, **options: str) -> Reading:
    path = tmp_path / "x.tbf"
    path.write_text(text)
    return tbf.read([path], Options(**options), [make_document("a", TEXT)])


def test_tokens_and_offsets_give_the_same_places(tmp_path: Path) -> None:
    text = lines(
        "s | a | E1 | t3,t5 | way made | Move | Actual | 0.9",
        "s | a | E2 | 9,12;18,22 | way made | Move | Other",
        "s | a | E3 | t5,t6 | made it | Make | Generic",
        "@Coreference | C1 | E1,E3",
        "@After | R1 | E1,E2",
    )
    reading = read(tmp_path, text)
    apart = (Span(9, 12), Span(18, 22))
    assert reading.annotations[0].events == (
        Event(id="E1", type="Move", trigger=apart, attributes={"realis": "actual"}, cluster="C1"),
        Event(id="E2", type="Move", trigger=apart, attributes={"realis": "other"}),
        Event(id="E3", type="Make", trigger=(Span(18, 25),), attributes={"realis": "generic"}, cluster="C1"),
    )
    assert reading.loss == {"further columns": 1, "links of events": 1}


@pytest.mark.parametrize("after", [0, 1], ids=["ends inclusive", "ends exclusive"])
def test_token_tables_are_used_whichever_way_they_end(tmp_path: Path, after: int) -> None:
    tokens = [("x1", "way", 9, 11), ("x2", "they", 13, 16), ("x3", "made", 18, 21)]
    rows = ["token_id\ttoken\tbegin\tend"]
    rows += [f"{id}\t{token}\t{begin}\t{end + after}" for id, token, begin, end in tokens]
    (tmp_path / "a.tab").write_text("\n".join(rows))
    reading = read(tmp_path, lines("s | a | E1 | x1,x3 | way made | Move | Actual"))
    assert reading.annotations[0].events[0].trigger == (Span(9, 12), Span(18, 22))


def test_table_of_another_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/a.tkn").write_text("t1\tway\t0\t3\n")
    with pytest.raises(DataError, match="do not give its tokens"):
        read(tmp_path, lines("s | a | E1 | t1 | way | Move | Actual"), tokens=str(tmp_path / "tables"))


def test_nugget_whose_place_gives_other_words_is_quarantined(tmp_path: Path) -> None:
    reading = read(
        tmp_path, lines("s | a | E1 | t3 | road | Move | Actual", "s | a | E2 | t5 | made | Make | Actual")
    )
    assert [event.id for event in reading.annotations[0].events] == ["E2"]
    assert [item.message for item in reading.annotations[0].rejected] == [
        "E1: t3 gives 'way', the file says 'road'"
    ]


MALFORMED = {
    "a_lot_wrong_relations.response": (4, "@Coref is no link: known are @Coreference, @After, @Subevent"),
    "duplicate_mention_span_in_one_cluster.response": (
        4,
        "'E1' and 'E2' of cluster 'C1' have the same place",
    ),
    "duplicated_mention_id.response": (4, "mention id 'E2' is that of"),
    "invented_mention.response": (5, "C1 holds 'E4', which is no mention before this line"),
    "loripsum": (1, "stands before any #BeginOfDocument line"),
    "miss_system_id.response": (2, "6 field(s), where 7 are needed"),
    "no_docid.response": (1, "#BeginOfDocument names no document"),
    "no_header.response": (1, "stands before any #BeginOfDocument line"),
    "system_with_invented_token.response": (2, "t500 is no token of 'example'"),
    "transitive_not_resolved": (5, "cluster 'C1' was there before"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_file_is_refused_with_line_and_reason(shared: Path, name: str) -> None:
    path = shared / "data/tbf_malformed" / f"{name}.tbf"
    line, reason = MALFORMED[name]
    with pytest.raises(DataError) as caught:
        tbf.read([path], Options(), [EXAMPLE])
    first = caught.value.faults[0]
    assert first.where == f"{path}:{line}"
    assert reason in first.message


def test_every_malformed_file_there_is_has_its_case(shared: Path) -> None:
    found = {path.name.removesuffix(".tbf") for path in (shared / "data/tbf_malformed").glob("*.tbf")}
    assert found == MALFORMED.keys() | {"correct_example.key"}


def test_correct_file_is_read(shared: Path) -> None:
    path = shared / "data/tbf_malformed/correct_example.key.tbf"
    # "way made" is t3 and t5 of this text, "home" t6; the data set ships no text of its own
    document = make_document("example", "On our way we made home .")
    (item,) = tbf.read([path], Options(), [document]).annotations
    assert [(event.id, event.trigger, event.cluster) for event in item.events] == [
        ("E1", (Span(7, 10), Span(14, 18)), "C1"),
        ("E2", (Span(19, 23),), "C1"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("#BeginOfDocument a\n#BeginOfDocument a\n#EndOfDocument\n", "2: the document that begins at"),
        ("#BeginOfDocument a\n", "has no #EndOfDocument line"),
        (lines() + lines(), "3: document 'a' was there before"),
        (lines(document="z"), "1: the corpus has no document 'z'"),
        (lines("s | b | E1 | t3 | way | Move | Actual"), "2: is of document 'b', inside 'a'"),
        ("#EndOfDocument\n", "1: #EndOfDocument without #BeginOfDocument"),
        ("# a comment\n", "holds no document"),
        (
            lines(
                "s | a | E1 | t3 | way | M | Actual", "s | a | E2 | t5 | made | M | Actual",
                "s | a | E3 | t6 | it | M | Actual", "@Coreference | C1 | E1,E2", "@Coreference | C2 | E2,E3",
            ),
            "6: 'E2' is in cluster 'C1' too: join the two",
        ),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert told in str(caught.value)


def test_files_need_a_corpus_with_texts(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="hold no texts"):
        tbf.read([tmp_path], Options())
    with pytest.raises(CorpusError, match="cannot be read"):
        tbf.read([tmp_path / "nothing.tbf"], Options(), [EXAMPLE])


def test_what_nuggets_cannot_hold_is_counted(tmp_path: Path) -> None:
    document = make_document("a", TEXT)
    layer = Annotations(
        document="a",
        sha256=document.sha256,
        mentions=(Mention(id="m", type="PER", spans=(Span(13, 17),)),),
        events=(
            Event(
                id="x,1", type="Move", trigger=(Span(9, 12), Span(18, 22)), cluster="alone",
                arguments=(Argument(role="who", mention="m"),),
                attributes={"realis": "planned", "polarity": "negative"},
            ),
        ),
    )  # fmt: skip
    rain = make_document("b", "Rain.")
    empty = Annotations(document="b", sha256=rain.sha256)
    loss = tbf.write(tmp_path / "o.tbf", [document, rain], {"a": layer, "b": empty}, Options())
    assert loss == {
        "arguments": 1, "attributes": 1, "clusters of one place": 1, "mentions": 1, "realis values": 1,
    }  # fmt: skip
    assert (tmp_path / "o.tbf").read_text() == (
        "#BeginOfDocument a\n"
        "goldwire\ta\tE1\t9,12;18,22\tway made\tMove\tOther\n"
        "#EndOfDocument\n#BeginOfDocument b\n#EndOfDocument\n"
    )
