"""Columns of tokens and tags become documents and mentions at their true offsets, and come back."""

from pathlib import Path

import pytest

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Reading, conll
from goldwire.corpora.formats.conll import Options
from goldwire.corpora.offsets import surface
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Span


def read(
    tmp_path: Path, text: str | bytes, documents: list[Document] | None = None, **options: object
) -> Reading:
    path = tmp_path / "x.conll"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return conll.read([path], Options(**options), documents)  # type: ignore[arg-type]


def refusal(
    tmp_path: Path, text: str, documents: list[Document] | None = None, **options: object
) -> list[str]:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text, documents, **options)
    return [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


def said(reading: Reading, documents: list[Document] | None = None) -> dict[str, list[tuple[str, str]]]:
    """The surface and type of each mention, by document."""
    texts = {document.id: document.text for document in documents or reading.documents}
    return {
        item.document: [(surface(texts[item.document], m.spans), m.type) for m in item.mentions]
        for item in reading.annotations
    }


def test_each_sentence_is_a_document_where_nothing_parts_them(tmp_path: Path) -> None:
    reading = read(tmp_path, "Rain\tO\nin\tO\nNew\tB-LOC\nYork\tI-LOC\n\n\nAnna\tB-PER\nsang\tO")
    assert [(d.id, d.text) for d in reading.documents] == [
        ("000001", "Rain in New York"),
        ("000002", "Anna sang"),
    ]
    assert said(reading) == {"000001": [("New York", "LOC")], "000002": [("Anna", "PER")]}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_documents_begin_at_docstart(tmp_path: Path, line_end: str) -> None:
    lines = ["-DOCSTART- -X- O O", "", "EU NNP B-NP B-ORG", "", "rose VBD O O", "", "-DOCSTART- -X- O O", ""]
    lines += ["Bonn NNP B-NP I-LOC", ""]
    reading = read(tmp_path, line_end.join(lines))
    assert [document.text for document in reading.documents] == ["EU\nrose", "Bonn"]
    assert said(reading) == {"000001": [("EU", "ORG")], "000002": [("Bonn", "LOC")]}
    assert reading.loss == {"columns": 2}


def test_comments_name_documents_and_give_the_true_text(tmp_path: Path) -> None:
    text = """# newdoc id = n1
# sent_id = n1-1
# text = “Anna’s  in Rome.”
1\t“\tO
2\tAnna\tB-PER
3\t’s\tO
4\tin\tO
5\tRome\tB-LOC
6\t.\tO
7\t”\tO

# sent_id = n1-2
# text = She sang.
1\tShe\tO
2\tsang\tO
3\t.\tO

# newdoc
# sent_id = n2-1
1\tBonn\tB-LOC
"""
    reading = read(tmp_path, text)
    assert [(d.id, d.text) for d in reading.documents] == [
        ("n1", "“Anna’s  in Rome.”\nShe sang."),
        ("000002", "Bonn"),
    ]
    assert said(reading) == {"n1": [("Anna", "PER"), ("Rome", "LOC")], "000002": [("Bonn", "LOC")]}


def test_sentences_without_documents_are_called_by_their_comment(tmp_path: Path) -> None:
    reading = read(tmp_path, "# sent_id = s-7\nRain\tO\n\nSun\tO\n")
    assert [document.id for document in reading.documents] == ["s-7", "000002"]


def test_tokens_that_look_like_comments_or_spaces_are_tokens(tmp_path: Path) -> None:
    reading = read(tmp_path, "#\tO\n#rain=wet\tB-TAG\n# no comment\nNew\xa0York\tB-LOC\n")
    assert reading.documents[0].text == "# #rain=wet New\xa0York"
    assert said(reading) == {"000001": [("#rain=wet", "TAG"), ("New\xa0York", "LOC")]}
    assert said(read(tmp_path, "#\tO\n")) == {"000001": []}
    by_space = read(tmp_path, "# O\nNew\xa0York  B-LOC \n")
    assert said(by_space) == {"000001": [("New\xa0York", "LOC")]}


def test_columns_are_found_or_named(tmp_path: Path) -> None:
    text = "1 EU NNP B-NP B-ORG x\n2 rose VBD O O x\n\n1 Bonn NNP B-NP B-LOC x\n"
    assert said(read(tmp_path, text)) == {"000001": [("EU", "ORG")], "000002": [("Bonn", "LOC")]}
    assert said(read(tmp_path, text, tag=4)) == {"000001": [("EU", "NP")], "000002": [("Bonn", "NP")]}
    assert said(read(tmp_path, text, tag=-2, token=3)) == {
        "000001": [("NNP", "ORG")],
        "000002": [("NNP", "LOC")],
    }
    assert refusal(tmp_path, text, tag=9) == ["x.conll: there is no column 9 of 6"]


def test_two_columns_of_tags_are_asked_about(tmp_path: Path) -> None:
    text = "Anna NNP B-PER B-PER\nmet VBD O O\nTom NNP B-PER O\n"
    assert refusal(tmp_path, text) == [
        (
            "x.conll: columns 3 and 4 hold tags: say which to read, as with `-o tag=3`, or "
            "`-o tag=3,4` and a --layer for each"
        )
    ]
    assert said(read(tmp_path, text, tag=3)) == {"000001": [("Anna", "PER"), ("Tom", "PER")]}
    nothing_found = "Anna B-PER O\nmet O O\n"
    assert "columns 2 and 3" in refusal(tmp_path, nothing_found)[0]


def test_chunks_are_never_names_wherever_they_stand(tmp_path: Path) -> None:
    assert said(read(tmp_path, "Anna B-PER B-NP\nmet O B-VP\n")) == {"000001": [("Anna", "PER")]}
    only = "Anna NNP B-NP\nmet VBD B-VP\n"
    assert refusal(tmp_path, only) == [
        "x.conll: column 3 holds chunks (NP, VP, …), not names; `-o tag=3` reads them all the same"
    ]
    assert said(read(tmp_path, only, tag=3)) == {"000001": [("Anna", "NP"), ("met", "VP")]}


def test_policy_decides_what_an_invalid_tag_means(tmp_path: Path) -> None:
    text = "New\tI-LOC\nYork\tI-LOC\n\nAnna\tB-PER\nsang\tI-LOC\n"
    assert said(read(tmp_path, text)) == {
        "000001": [("New York", "LOC")],
        "000002": [("Anna", "PER"), ("sang", "LOC")],
    }
    assert said(read(tmp_path, text, policy="strict", scheme="IOB2")) == {
        "000001": [],
        "000002": [("Anna", "PER")],
    }
    assert refusal(tmp_path, text, policy="reject", scheme="IOB2") == [
        "x.conll:1: I-LOC I-LOC is no mention in IOB2",
        "x.conll:5: I-LOC is no mention in IOB2",
    ]


def test_every_faulty_line_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path, "Rain\tO\nword\n\nSun\tX\nMoon\tO\n", tag=2) == [
        "x.conll:2: 1 column(s), where 2 are needed: 'word'"
    ]
    assert refusal(tmp_path, "Rain\tO\n\nSun\tX\nMoon\tQ-A\n", tag=2) == [
        "x.conll:3: 'X' is no tag: O, or one of B I E S L U with -TYPE behind it",
        "x.conll:4: 'Q-A' is no tag: O, or one of B I E S L U with -TYPE behind it",
    ]
    assert refusal(tmp_path, "Rain\tverb\n") == [
        "x.conll: no column holds nothing but tags such as O and B-LOC; name it with the option `tag`"
    ]
    assert refusal(tmp_path, "# only = this\n\n") == ["x.conll: holds no line with a token and a tag"]
    assert "not UTF-8" in refusal(tmp_path, b"caf\xe9\tO\n")[0]  # type: ignore[arg-type]


def test_token_that_is_not_in_its_text_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path, "# text = Rain fell.\nRain\tO\nfall\tO\n.\tO\n") == [
        "x.conll:3: token 'fall' is not where the text of '000001' goes on with 'fell.'"
    ]


def test_second_file_with_the_same_tokens_binds_by_order_or_by_id(tmp_path: Path) -> None:
    documents = [make_document("a", "“Anna’s in Rome.”"), make_document("b", "It\nrained.")]
    by_order = "“ O\nAnna B-PER\n’s O\nin O\nRome O\n. O\n” O\n\nIt O\nrained O\n. O\n"
    assert said(read(tmp_path, by_order, documents), documents) == {"a": [("Anna", "PER")], "b": []}
    by_id = "# newdoc id = b\nIt\tB-X\n\nrained\tO\n.\tO\n"
    assert said(read(tmp_path, by_id, documents), documents) == {"b": [("It", "X")]}


def test_second_file_with_other_tokens_or_documents_is_refused(tmp_path: Path) -> None:
    documents = [make_document("a", "Rain fell."), make_document("b", "Sun.")]
    assert refusal(tmp_path, "Rain O\nfell O\n. O\n", documents) == [
        "x.conll: holds 1 document(s) without known ids, the corpus 2: name them by `# newdoc id = ID` lines"
    ]
    assert refusal(tmp_path, "Rain O\nfalls O\n\nSun O\nset O\n", documents) == [
        "x.conll:2: token 'falls' is not where the text of 'a' goes on with 'fell.'",
        "x.conll:5: token 'set' is not where the text of 'b' goes on with '.'",
    ]
    assert refusal(tmp_path, "# newdoc id = a\nRain\tO\n\n# newdoc id = z\nSun\tO\n", documents) == [
        "x.conll:4: the corpus has no document 'z'"
    ]


TEXT = "US-led forces left\n\nBalkh. "
#       0  3           18      20
LAYER = Annotations(
    document="a",
    sha256=make_document("a", TEXT).sha256,
    mentions=(
        Mention(id="m1", type="MIL", spans=(Span(0, 13),), cluster="c", attributes={"form": "nominal"}),
        Mention(id="m2", type="GPE", spans=(Span(0, 2),), score=0.5),
        Mention(id="m3", type="GPE", spans=(Span(20, 25),), head=Span(20, 25)),
        Mention(id="m4", type="X", spans=(Span(0, 2), Span(14, 18))),
        Mention(id="m5", type="X", spans=(Span(18, 19),)),
        Mention(id="m6", type="X", spans=(Span(13, 14),)),
    ),
    events=(
        Event(id="e", type="Leave", trigger=(Span(14, 18),), arguments=(Argument(role="who", mention="m1"),)),
    ),
)


def test_written_file_holds_flat_mentions_and_the_loss_is_counted(tmp_path: Path) -> None:
    document = make_document("a", TEXT)
    loss = conll.write(tmp_path / "o.conll", [document], {"a": LAYER}, Options())
    assert (tmp_path / "o.conll").read_text() == (
        "# newdoc id = a\n"
        "# text = US-led forces left\nUS-led\tB-MIL\nforces\tI-MIL\nleft\tO\n\n"
        "# text = Balkh. \nBalkh\tB-GPE\n.\tO\n\n"
    )
    assert loss == {
        "arguments": 1, "attributes": 1, "cluster links": 1, "discontinuous mentions": 1, "events": 1,
        "heads": 1, "mentions over line breaks": 1, "mentions that begin or end in white space": 1,
        "overlapping mentions": 1, "scores": 1,
    }  # fmt: skip
    back = conll.read([tmp_path / "o.conll"], Options(), [document])
    assert [(m.type, m.spans) for m in back.annotations[0].mentions] == [
        ("MIL", (Span(0, 13),)),
        ("GPE", (Span(20, 25),)),
    ]


def test_words_are_parted_where_a_mention_ends_inside_them(tmp_path: Path) -> None:
    document = make_document("a", "US-led forces")
    layer = Annotations(
        document="a", sha256=document.sha256, mentions=(Mention(id="m", type="GPE", spans=(Span(0, 2),)),)
    )
    assert conll.write(tmp_path / "o", [document], {"a": layer}, Options(scheme="IOBES")) == {}
    assert "US\tS-GPE\n-led\tO\nforces\tO\n" in (tmp_path / "o").read_text()


def test_io_joins_touching_mentions_and_says_so(tmp_path: Path) -> None:
    document = make_document("a", "Anna Maria")
    mentions = (
        Mention(id="1", type="P", spans=(Span(0, 4),)),
        Mention(id="2", type="P", spans=(Span(5, 10),)),
    )
    layer = Annotations(document="a", sha256=document.sha256, mentions=mentions)
    loss = conll.write(tmp_path / "o", [document], {"a": layer}, Options(scheme="IO"))
    assert loss == {"borders between touching mentions": 1}


# Counted with awk on the files: mentions are the B- tags (no file has an I- that does not continue one).
@pytest.mark.parametrize(
    ("name", "documents", "mentions"),
    [
        ("emerging.test.annotated", 1287, 1079),
        ("flytxt", 1287, 720),
        ("arcada", 1287, 787),
        ("wnut17train.conll", 3394, 1975),
    ],
)
def test_wnut_files_are_read_whole(shared: Path, name: str, documents: int, mentions: int) -> None:
    reading = conll.read([shared / "data/wnut17" / name], Options(policy="reject"))
    assert len(reading.documents) == documents
    assert sum(len(item.mentions) for item in reading.annotations) == mentions


def test_wnut_submissions_bind_to_the_gold_texts(shared: Path) -> None:
    folder = shared / "data/wnut17"
    gold = conll.read([folder / "emerging.test.annotated"], Options())
    for name in ("flytxt", "arcada"):
        system = conll.read([folder / name], Options(), gold.documents)
        assert [item.document for item in system.annotations] == [document.id for document in gold.documents]


def test_pud_has_true_offsets_in_its_raw_text(shared: Path) -> None:
    path = shared / "data/uner_pud/en_pud-ud-test.iob2"
    reading = conll.read([path], Options(policy="reject"))
    # grep -c '# newdoc', and awk on the third column for B-
    assert len(reading.documents) == 397
    assert sum(len(item.mentions) for item in reading.annotations) == 1075
    raw = [
        line[len("# text = ") :]
        for line in path.read_text("utf-8").split("\n")
        if line.startswith("# text = ")
    ]
    assert "\n".join(document.text for document in reading.documents).split("\n") == raw


def test_file_that_ends_inside_a_document_is_told_with_the_place(tmp_path: Path) -> None:
    documents = [make_document("a", "University of Bern is in Bern, Rome."), make_document("b", "It rained.")]
    cut = "# newdoc id = a\nUniversity\tB-ORG\nof\tI-ORG\nBern\tI-ORG\nis\tO\nin\tO\n"
    reading = read(tmp_path, cut, documents)
    # University of Bern is in | Bern , Rome .
    told = "ends before the text does, what follows has no mentions: a at 5 of 9 tokens"
    assert reading.notes[-1] == f"{tmp_path / 'x.conll'}: {told}"
    whole = "# newdoc id = b\nIt\tO\nrained\tO\n.\tO\n"
    assert not any("ends before" in note for note in read(tmp_path, whole, documents).notes)
    assert read(tmp_path, cut + "\n" + whole, documents).notes[-1].endswith(": a at 5 of 9 tokens")


@pytest.mark.parametrize("text", ["\t -X- O O\n\nKabul NNP S-LOC\n", "\tO\n\tB-LOC\n"])
def test_lines_that_begin_with_white_space_have_no_token(tmp_path: Path, text: str) -> None:
    assert "begin with white space, where a token" in refusal(tmp_path, text)[0]


def test_sentences_of_kaggle_begin_where_they_are_named(tmp_path: Path) -> None:
    text = 'Sentence #,Word,POS,Tag\nSentence: 1,Anna,NNP,B-per\n,",",",",O\n,met,VBD,O\n'
    text += "Sentence: 2,Bern,NNP,B-geo\n"
    reading = read(tmp_path, text)
    assert [document.text for document in reading.documents] == ["Anna , met", "Bern"]
    assert said(reading) == {"000001": [("Anna", "per")], "000002": [("Bern", "geo")]}


HIPE = """TOKEN\tNE-COARSE\tNE-FINE\tMISC
# hipe2022:document_id = x
Anna\tB-pers\tB-pers.ind\tNoSpaceAfter|EndOfLine
,\tO\tO\t_
Tom\tB-pers\tB-pers.ind\tNoSpaceAfter
# hipe2022:document_id = y
Bern\tB-loc\tB-loc.city\t_
"""


def test_a_header_names_columns_and_a_comment_documents(tmp_path: Path) -> None:
    assert "columns 2 (NE-COARSE) and 3 (NE-FINE) hold tags" in refusal(tmp_path, HIPE)[0]
    reading = read(tmp_path, HIPE, tag="NE-FINE")
    assert [(d.id, d.text) for d in reading.documents] == [("x", "Anna, Tom"), ("y", "Bern")]
    assert said(reading) == {"x": [("Anna", "pers.ind"), ("Tom", "pers.ind")], "y": [("Bern", "loc.city")]}
    assert "there is no column 'NE': TOKEN, NE-COARSE, NE-FINE, MISC" in refusal(tmp_path, HIPE, tag="NE")[0]


def test_other_headers_and_comments_are_said_by_options(tmp_path: Path) -> None:
    text = "word,ner\n# article = 7\nAnna,B-PER\nmet,O\n# article = 8\nBern,B-LOC\n"
    reading = read(tmp_path, text, separator="comma", header="yes", document="article", tag="ner")
    assert said(reading) == {"7": [("Anna", "PER")], "8": [("Bern", "LOC")]}
    assert "`-o header=yes`" in refusal(tmp_path, text.replace(",", "\t"))[0]
    assert "`-o separator=comma`" in refusal(tmp_path, "Anna,B-PER\nmet,O\n")[0]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Anna PER-B\nBerg PER-I\nsaw O\nBern LOC-B\n", {"affix": "suffix"}),
        ("Anna PER\nBerg PER\nsaw O\nBern LOC\n", {"scheme": "IO"}),
        ("Anna I-PER\nBerg PER\nsaw O\nBern I-LOC\n", {"scheme": "IO"}),
    ],
)
def test_tags_with_types_first_or_alone_are_read_when_asked(
    tmp_path: Path, text: str, options: dict[str, object]
) -> None:
    reading = read(tmp_path, text, **options)
    assert said(reading) == {"000001": [("Anna Berg", "PER"), ("Bern", "LOC")]}
    option = next(f"{key}={value}" for key, value in options.items())
    assert "I-" in text or f"-o {option}" in refusal(tmp_path, text)[0]


def test_characters_stand_side_by_side_where_asked_or_where_spaces_are_tokens(tmp_path: Path) -> None:
    chinese = "北 B-LOC\n京 E-LOC\n有 O\n\n天 O\n"
    joined = read(tmp_path, chinese, join="none")
    assert [document.text for document in joined.documents] == ["北京有", "天"]
    assert said(joined)["000001"] == [("北京", "LOC")]
    characters = "T\tB-PER\no\tI-PER\nm\tI-PER\n \tI-PER\nL\tI-PER\n \tO\nin\tO\n"
    reading = read(tmp_path, characters)
    assert (reading.documents[0].text, said(reading)["000001"]) == ("Tom L in", [("Tom L", "PER")])
    raw = [make_document("a", "Tom\nL in")]  # what is white space there may be another one in the text
    assert said(read(tmp_path, characters, raw), raw) == {"a": [("Tom\nL", "PER")]}
    assert read(tmp_path, characters, join="space").documents[0].text.startswith("T o m   L")


def test_placeholders_are_no_words_but_an_underscore_is(tmp_path: Path) -> None:
    split = "1\tlong-term\tlong-term\tNN\tB-X\n2\t_\t_\t_\tI-X\n3\t_\t_\t_\tO\n4\tjobs\tjob\tNNS\tO\n"
    reading = read(tmp_path, split)
    assert reading.documents[0].text == "long-term jobs"
    assert reading.loss == {"columns": 3, "placeholders (_)": 2}
    real = "1\t_\t_\tSYM\tO\n2\tjobs\tjob\tNNS\tB-X\n"
    assert read(tmp_path, real).documents[0].text == "_ jobs"
    begun = "1\t_\t_\t_\tB-X\n2\tjobs\tjob\tNNS\tI-X\n"
    assert said(read(tmp_path, begun)) == {"000001": [("_ jobs", "X")]}


def test_spaces_among_tabs_are_told_with_the_way_out(tmp_path: Path) -> None:
    mixed = "Anna\tB-PER\nlives O\n"
    assert refusal(tmp_path, mixed) == [
        "x.conll:2: 1 column(s), where 2 are needed: 'lives O'; `-o separator=space` parts at spaces too"
    ]
    assert read(tmp_path, mixed, separator="space").documents[0].text == "Anna lives"


def test_tokens_that_were_changed_stand_for_words_by_their_number(tmp_path: Path) -> None:
    documents = [
        make_document("a", "University of Bern\nis in Rome ."),
        make_document("b", "It rained, Anna."),
    ]
    system = (
        "# newdoc id = a\nuniversity\tB-ORG\nof\tI-ORG\n[UNK]\tI-ORG\n\nis\tO\nin\tO\n[UNK]\tB-LOC\n.\tO\n"
    )
    assert "token 'university' is not where" in refusal(tmp_path, system, documents)[0]
    reading = read(tmp_path, system, documents, align="position")
    assert said(reading, documents) == {"a": [("University of Bern", "ORG"), ("Rome", "LOC")]}
    # three differ: the first, the third and the sixth
    assert reading.notes[-1].endswith(
        ": 3 token(s) are other words than those of the text that they stand for"
    )
    # Five words, of which three are between white space.
    words = "# newdoc id = b\nit\tO\nrained\tO\n,\tO\n[UNK]\tB-PER\n.\tO\n"
    assert said(read(tmp_path, words, documents, align="position"), documents) == {"b": [("Anna", "PER")]}
    fewer = "# newdoc id = b\nit\tO\nrained\tO\n,\tO\n[UNK]\tB-PER\n"
    told = "4 token(s) for 'b', whose text has 3 words between spaces, or 5 as Goldwire counts them"
    assert refusal(tmp_path, fewer, documents, align="position")[0].startswith(f"x.conll:2: {told}")
