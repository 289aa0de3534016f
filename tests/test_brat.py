"""brat stand-off means what brat says, is refused where it does not fit its text, and comes back."""

from pathlib import Path

import pytest

from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.formats import Reading, brat
from goldwire.corpora.formats.brat import Options
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Relation, Span

TEXT = "Afghan and Uzbek guards fled Balkh. They left it."
#       0          11    17     24   29     36   41   46


def read(
    tmp_path: Path,
    ann: str,
    text: str | bytes = TEXT,
    documents: list[Document] | None = None,
    **options: str,
) -> Reading:
    (tmp_path / "a.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "a.ann").write_text(ann)
    return brat.read([tmp_path], Options(**options), documents)


def test_every_kind_of_line_is_taken_or_counted(tmp_path: Path) -> None:
    ann = """T1\tMIL 0 6;17 23\tAfghan guards
T2\tMIL 11 23\tUzbek guards
T3\tGPE 29 34\tBalkh
T4\tFlee 24 28\tfled
T5\tLeave 41 45\tleft
T6\tMIL 36 40\tThey
T7\tGPE 46 48\tit
E1\tFlee:T4 who:T1 who2:T2 place:T3
E2\tLeave:T5 who:T6 cause:E1
A1\tRealis E1 Actual
M1\tNegated T5
A2\tForm T3 name of a city
R1\tnear Arg1:T1 Arg2:T3
R2\tCoref Arg1:T7 Arg2:T3
R3\tbefore Arg1:E1 Arg2:E2
A3\tSure R1
*\tEquiv T1 T6
*\tEquiv E1 E2
N1\tReference T3 Wiki:1\tBalkh
#1\tAnnotatorNotes T3\twhich one?
"""
    reading = read(tmp_path, ann)
    (item,) = reading.annotations
    assert item.mentions == (
        Mention(id="T1", type="MIL", spans=(Span(0, 6), Span(17, 23)), cluster="T1"),
        Mention(id="T2", type="MIL", spans=(Span(11, 23),)),
        Mention(
            id="T3", type="GPE", spans=(Span(29, 34),), attributes={"Form": "name of a city"}, cluster="T3"
        ),
        Mention(id="T6", type="MIL", spans=(Span(36, 40),), cluster="T1"),
        Mention(id="T7", type="GPE", spans=(Span(46, 48),), cluster="T3"),
    )
    assert item.events == (
        Event(
            id="E1",
            type="Flee",
            trigger=(Span(24, 28),),
            arguments=(
                Argument(role="who", mention="T1"),
                Argument(role="who", mention="T2"),
                Argument(role="place", mention="T3"),
            ),
            attributes={"Realis": "Actual"},
            cluster="E1",
        ),
        Event(
            id="E2",
            type="Leave",
            trigger=(Span(41, 45),),
            arguments=(Argument(role="who", mention="T6"),),
            attributes={"Negated": "true"},
            cluster="E1",
        ),
    )
    assert item.relations == (Relation(id="R1", type="near", source="T1", target="T3"),)
    assert reading.loss == {
        "arguments that are events": 1, "attributes of relations": 1, "normalisations": 1, "notes": 1,
        "relations of events": 1,
    }  # fmt: skip
    assert item.rejected == ()


def test_types_that_are_triggers_by_themselves_make_events(tmp_path: Path) -> None:
    (item,) = read(
        tmp_path, "T1\tEVENT 24 28\tfled\nT2\tGPE 29 34\tBalkh\n", triggers="EVENT,STATE"
    ).annotations
    assert [(event.id, event.type, event.trigger) for event in item.events] == [
        ("T1", "EVENT", (Span(24, 28),))
    ]
    assert [mention.id for mention in item.mentions] == ["T2"]


def test_types_that_name_clusters_join_the_mentions_with_their_spans(tmp_path: Path) -> None:
    ann = "T1\tPER 36 40\tThey\nT2\tguards-1 36 40\tThey\nT3\tPER 11 23\tUzbek guards\n"
    ann += "R1\tcop Arg1:T2 Arg2:T3\n"
    (item,) = read(tmp_path, ann, clusters=r".+-\d+").annotations
    assert [(mention.id, mention.cluster) for mention in item.mentions] == [("T1", "guards-1"), ("T3", None)]
    # the relation names the cluster's line, which stands for the one mention with its spans
    assert item.relations == (Relation(id="R1", type="cop", source="T1", target="T3"),)


def test_what_does_not_give_its_surface_is_refused_with_what_hangs_on_it(tmp_path: Path) -> None:
    ann = "T1\tGPE 29 33\tBalkh\nT2\tFlee 24 29\tfled\nE1\tFlee:T2 place:T1\n"
    ann += "A1\tRealis T9 Actual\nT3\tX 90 95\tnone\n"
    reading = read(tmp_path, ann)
    (item,) = reading.annotations
    assert (item.mentions, item.events) == ((), ())
    trigger = "E1: its trigger does not fit: T2: the offsets give 'fled ', the file says 'fled'"
    assert [(item.where.removeprefix(f"{tmp_path}/"), item.unit, item.message) for item in item.rejected] == [
        ("a.ann:1", "mention", "T1: the offsets give 'Balk', the file says 'Balkh'"),
        ("a.ann:5", "mention", "T3: the offsets give None, the file says 'none'"),
        ("a.ann:4", "attribute", "attribute Realis: there is no T9"),
        ("a.ann:3", "event", trigger),
        ("a.ann:3", "argument", trigger),
    ]
    assert [found.kind for found in item.rejected] == [
        "words-differ", "outside-text", "no-mention", "words-differ", "words-differ",
    ]  # fmt: skip
    assert (item.rejected[4].spans, item.rejected[4].trigger) == (((29, 33),), ((24, 29),))


def test_offsets_that_count_line_ends_or_utf16_units_are_repaired(tmp_path: Path) -> None:
    crlf = read(tmp_path, "T1\tX 3 9\tb  c d\n", b"a\r\nb\r\nc d".replace(b" ", b" "))
    assert crlf.annotations[0].rejected == ()
    assert crlf.documents[0].text == "a\nb\nc d"
    assert crlf.annotations[0].mentions[0].spans == (Span(2, 7),)
    utf16 = read(tmp_path, "T1\tX 3 7\tRain\nT2\tX 0 2\t😀\n", "😀 Rain")
    assert [mention.spans for mention in utf16.annotations[0].mentions] == [(Span(2, 6),), (Span(0, 1),)]
    mixed = read(tmp_path, "T1\tX 3 7\tRain\nT2\tX 0 1\t😀\n", "😀 Rain")
    assert [mention.id for mention in mixed.annotations[0].mentions] == ["T2"]
    assert len(mixed.annotations[0].rejected) == 1


def test_parts_that_only_white_space_parts_are_one_span(tmp_path: Path) -> None:
    text = "New York  Times\nfell in love"
    #       0   4    9 10    16   21 24
    ann = "T1\tORG 0 8;10 15\tNew York Times\nT2\tEnd 10 15;16 20\tTimes fell\n"
    ann += "T3\tGPE 0 3;10 15\tNew Times\nE1\tEnd:T2\n"
    (item,) = read(tmp_path, ann, text).annotations
    assert [mention.spans for mention in item.mentions] == [(Span(0, 15),), (Span(0, 3), Span(10, 15))]
    assert [event.trigger for event in item.events] == [(Span(10, 20),)]
    assert item.rejected == ()


def test_parts_out_of_order_are_sorted(tmp_path: Path) -> None:
    ann = "T1\tMIL 17 23;0 6\tguards Afghan\nT2\tMIL 17 23;0 6\tAfghan guards\n"
    (item,) = read(tmp_path, ann).annotations
    assert [mention.spans for mention in item.mentions] == [(Span(0, 6), Span(17, 23))] * 2
    assert item.rejected == ()


def test_the_words_tell_how_line_ends_are_counted(tmp_path: Path) -> None:
    text = b"Rain.\r\nBalkh.\r\nHerat."
    one = "T1\tX 0 4\tRain\nT2\tX 6 11\tBalkh\nT3\tX 13 18\tHerat\n"
    two = "T1\tX 0 4\tRain\nT2\tX 7 12\tBalkh\nT3\tX 15 20\tHerat\n"
    for ann in (one, two):
        (item,) = read(tmp_path, ann, text).annotations
        assert [mention.spans for mention in item.mentions] == [
            (Span(0, 4),), (Span(6, 11),), (Span(13, 18),)
        ]  # fmt: skip
    # a damaged line fits no way of counting and so tells nothing of it
    (item,) = read(tmp_path, one + "T4\tX 0 5\tSnow\n", text).annotations
    assert ([m.id for m in item.mentions], len(item.rejected)) == (["T1", "T2", "T3"], 1)


def test_words_that_contradict_each_other_prove_no_way_of_counting(tmp_path: Path) -> None:
    ann = "T1\tX 6 11\tBalkh\nT2\tX 15 20\tHerat\n"  # one as brat counts, one as the file stands
    (item,) = read(tmp_path, ann, b"Rain.\r\nBalkh.\r\nHerat.").annotations
    assert [mention.id for mention in item.mentions] == ["T2"]
    assert [found.kind for found in item.rejected] == ["words-differ"]


def test_words_in_another_case_are_taken_with_a_note(tmp_path: Path) -> None:
    reading = read(tmp_path, "T1\tGPE 29 34\tBALKH\nT2\tGPE 29 34\tHerat\n")
    assert [mention.id for mention in reading.annotations[0].mentions] == ["T1"]
    (told,) = reading.notes
    assert told.endswith(
        "a.ann:1: T1: the text has 'Balkh', the file says 'BALKH': taken, its case alone differs"
    )


def test_words_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    (item,) = read(tmp_path, "T1\tPER 0 3\tZo\xeb\n", "Zoe\u0308 ran").annotations
    assert "NFC beside NFD" not in item.rejected[0].message  # the offsets leave out the accent
    (item,) = read(tmp_path, "T1\tPER 0 4\tZo\xeb\n", "Zoe\u0308 ran").annotations
    assert "another Unicode form" in item.rejected[0].message


def test_every_faulty_line_is_told(tmp_path: Path) -> None:
    ann = "T1\tGPE 29 34\tBalkh\nT1\tGPE 29 34\tBalkh\nT2\tGPE 29-34\tBalkh\n"
    ann += "X1\tfoo\nE1\tFlee\nA1\tForm\nR1 near\n"
    with pytest.raises(DataError) as caught:
        read(tmp_path, ann)
    assert [str(fault).split("a.ann:")[1].split(": '")[0] for fault in caught.value.faults] == [
        "2: T1 is the id of an earlier line too",
        "3: a T line is an id, a type with offsets, and the text, with tabs between",
        "4: a line begins with T, E, R, A, M, N, # or * and a tab",
        "5: an E or R line has a type and ROLE:ID pairs",
        "6: an A line names an attribute and what has it",
        "7: a line begins with T, E, R, A, M, N, # or * and a tab",
    ]


def test_files_bind_to_the_texts_of_a_corpus_by_name(tmp_path: Path) -> None:
    document = make_document("a", TEXT)
    reading = read(tmp_path, "T1\tGPE 29 34\tBalkh\n", documents=[document])
    assert reading.documents == []
    assert reading.annotations[0].sha256 == document.sha256
    (tmp_path / "a.txt").unlink()
    assert brat.read([tmp_path / "a.ann"], Options(), [document]).annotations == reading.annotations


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ([make_document("a", "Other.")], "is not the text of 'a'"),
        ([make_document("b", TEXT)], "no document 'a'"),
    ],
)
def test_files_of_other_texts_are_refused(tmp_path: Path, documents: list[Document], told: str) -> None:
    with pytest.raises(DataError, match=told):
        read(tmp_path, "T1\tGPE 29 34\tBalkh\n", documents=documents)


def test_missing_files_and_wrong_options_are_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"neither an \.ann file"):
        brat.read([tmp_path], Options())
    (tmp_path / "b.ann").write_text("T1\tGPE 0 1\tx\n")
    with pytest.raises(DataError, match=r"there is no b\.txt"):
        brat.read([tmp_path], Options())
    (tmp_path / "b.ann").unlink()
    with pytest.raises(DataError, match="no regular expression"):
        read(tmp_path, "", clusters="(")


def test_what_brat_cannot_hold_is_counted(tmp_path: Path) -> None:
    document = make_document("a", TEXT)
    layer = Annotations(
        document="a",
        sha256=document.sha256,
        mentions=(
            Mention(
                id="m", type="armed force", spans=(Span(0, 6),), head=Span(0, 6), score=0.5, cluster="alone"
            ),
        ),
    )
    assert brat.write(tmp_path / "o", [document], {"a": layer}, Options()) == {
        "clusters of one": 1, "heads": 1, "labels with white space": 1, "scores": 1,
    }  # fmt: skip
    assert (tmp_path / "o/a.ann").read_text() == "T1\tarmed_force 0 6\tAfghan\n"
    assert (tmp_path / "o/a.txt").read_text() == TEXT


# Counted with grep on the files: T lines, less those whose type ends in a number after a hyphen.
def test_litbank_is_read_whole(shared: Path) -> None:
    folder = shared / "data/litbank"
    entities = brat.read([folder / "entities"], Options())
    events = brat.read([folder / "events"], Options(triggers="EVENT"), entities.documents)
    coref = brat.read([folder / "coref"], Options(clusters=r".+-\d+"), entities.documents)
    assert [len(entities.documents), sum(len(item.mentions) for item in entities.annotations)] == [3, 528]
    assert sum(len(item.events) for item in events.annotations) == 101
    mentions = [mention for item in coref.annotations for mention in item.mentions]
    assert [len(mentions), sum(len(item.relations) for item in coref.annotations)] == [842, 20]
    # 1,664 T lines less 842 mentions: the 20 sides of copulas and appositions are in no cluster
    assert sum(mention.cluster is not None for mention in mentions) == 822
    assert not any(item.rejected for found in (entities, events, coref) for item in found.annotations)
    assert entities.loss == events.loss == coref.loss == {}


def with_a_bare_text(folder: Path) -> list[Document]:
    """Two documents with `.ann`, one of them empty, and one without."""
    (folder / "sub").mkdir(parents=True)
    for name, ann in (("a", "T1\tGPE 0 4\tRain\n"), ("b", ""), ("sub/c", None)):
        (folder / f"{name}.txt").write_text("Rain fell.")
        if ann is not None:
            (folder / f"{name}.ann").write_text(ann)
    return [make_document(id, "Rain fell.") for id in ("a", "b", "c", "d")]


def test_text_without_ann_comes_in_unjudged_and_with_an_empty_one_judged(tmp_path: Path) -> None:
    documents = with_a_bare_text(tmp_path / "x")
    reading = brat.read([tmp_path / "x"], Options())
    assert reading.documents == documents[:3]
    assert [(item.document, len(item.mentions)) for item in reading.annotations] == [("a", 1), ("b", 0)]
    assert reading.notes == ["texts without .ann: c"]


def test_texts_without_ann_are_told_when_a_layer_is_read_but_not_files_of_no_document(tmp_path: Path) -> None:
    documents = with_a_bare_text(tmp_path / "x")
    (tmp_path / "x/README.txt").write_bytes(b"\xff")
    reading = brat.read([tmp_path / "x"], Options(), documents)
    assert [item.document for item in reading.annotations] == ["a", "b"]
    assert reading.notes == ["texts without .ann: c"]
    with pytest.raises(DataError, match=r"README\.txt"):
        brat.read([tmp_path / "x"], Options())


def test_text_and_ann_in_different_folders_belong_together(tmp_path: Path) -> None:
    documents = with_a_bare_text(tmp_path / "x")
    (tmp_path / "x/c.ann").write_text("")
    reading = brat.read([tmp_path / "x"], Options(), documents)
    assert [item.document for item in reading.annotations] == ["a", "b", "c"]
    assert reading.notes == []


def test_articles_under_the_names_of_documents_are_not_written_over(tmp_path: Path) -> None:
    document = make_document("a", "One.\nTwo.\n")
    article = tmp_path / "a.txt"
    article.write_bytes(b"One.\r\nTwo.\r\n")  # what the corpus was made from
    with pytest.raises(CorpusError, match=r"1 \.txt file\(s\) with another text than the corpus \(a\.txt\)"):
        brat.write(tmp_path, [document], {"a": Annotations(document="a", sha256=document.sha256)}, Options())
    assert article.read_bytes() == b"One.\r\nTwo.\r\n"
    article.write_text(document.text)
    for _ in range(2):  # what is ours is written again
        brat.write(tmp_path, [document], {"a": Annotations(document="a", sha256=document.sha256)}, Options())
    assert (tmp_path / "a.ann").is_file()
