"""Files are recognised by what is in them; what is not read is called by its name; a tie is asked about."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import formats
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats import head, unread
from goldwire.corpora.formats.recognise import recognise

TEXT = "Acme was founded by Ann Lee in Bern."
DOCCANO = {"id": 7, "text": TEXT, "label": [[0, 4, "ORG"]]}
LINKED = {
    "id": 7, "text": TEXT, "entities": [{"id": 0, "start_offset": 0, "end_offset": 4, "label": "ORG"}],
    "relations": [], "Comments": [],
}  # fmt: skip
PRODIGY = {"text": TEXT, "spans": [{"start": 0, "end": 4, "label": "ORG"}], "answer": "accept"}
GLINER = {"tokenized_text": ["Acme", "was"], "ner": [[0, 0, "org"]]}
DYGIE = {"doc_key": "d", "sentences": [["Acme"]], "ner": [[[0, 0, "ORG"]]]}
EXAMPLES: dict[str, dict[str, Any]] = {
    "goldwire": {"x.jsonl": {"document": "a", "mentions": []}},
    "conll": {
        "x.txt": "Rain O\nHerat B-LOC\n",
        "x.tsv": "1\tRain\tO\n2\tin\tO\n3\tHerat\tB-LOC\n",
        "y.tsv": "Rain\tO\tO\nHerat\tB-LOC\tB-city\n",
        "chunks.txt": "Rain NN B-NP\nfell VBD B-VP\n",
        "spaces.tsv": "New York City\tB-LOC\tB-city\n-DOCSTART-\tO\tO\nwas\tO\tO\n1 000\tO\tO\n",
        "y.conll": "#begin document (a); part 000\na 0 0 x\n",
        "suffix.txt": "Anna PER-B\nBerg PER-I\nsaw O\n",
        "comma.csv": "Anna,B-PER\nmet,O\n",
        "kaggle.csv": "Sentence #,Word,POS,Tag\nSentence: 1,Anna,NNP,B-per\n,met,VBD,O\n",
        "hipe.tsv": "TOKEN\tNE-COARSE\tMISC\n# hipe2022:document_id = a\nAnna\tB-pers\t_\nmet\tO\t_\n",
        "coref.conllu": "1\tin\t_\t_\t_\t_\t0\troot\t_\tEntity=(e1-person-1)\n",
        "damaged.txt": "Rain O\n" * 20 + "Herat B-LOC\n\nlaughs\n",
        "x.conllu": "2-3\tim\t_\t_\t_\t_\t_\t_\t_\t_\n2\tin\t_\t_\t_\t_\t0\troot\t_\tB-LOC\n",
    },
    "brat": {"x.ann": "T1\tLOC 0 5\tHerat\n"},
    "ace": {
        "x.apf.xml": '<!DOCTYPE source_file SYSTEM "apf.v5.1.1.dtd">\n<source_file></source_file>',
        "x.rich_ere.xml": '<?xml version="1.0"?><deft_ere doc_id="x"></deft_ere>',
    },
    "maven": {"x.jsonl": {"id": "d", "content": [{"sentence": "a", "tokens": ["a"]}], "events": []}},
    "maven-arg": {"x.jsonl": {"id": "d", "document": "a b", "entities": [], "events": [{"mention": []}]}},
    "rams": {"x.jsonlines": {"doc_key": "d", "sentences": [["a"]], "evt_triggers": [], "gold_evt_links": []}},
    "casie": {"x.json": {"content": "a", "cyberevent": {"hopper": []}}},
    "docee": {
        "x.json": [["t", "a b", "E", '[{"start": 0, "end": 1, "type": "r", "text": "a"}]']],
        "y.json": [
            ["t", "a", "E", [{"start": 0, "end": 1, "type": "r", "text": "a"}]],
            ["t", "b", "E", "[]"],
        ],
    },
    "tbf": {"x.tbf": "#BeginOfDocument a\n#EndOfDocument\n"},
    "plover": {"x.txt": [{"id": "1", "event": "FIGHT", "text": "a", "textInfo": {"markup": "a"}}]},
    "doccano": {"x.jsonl": DOCCANO, "y.jsonl": LINKED},
    "prodigy": {"x.jsonl": PRODIGY, "y.jsonl": {"text": TEXT, "spans": [], "_input_hash": 3}},
    "langextract": {
        "x.jsonl": {"extractions": [{"extraction_class": "a", "extraction_text": "b"}], "text": TEXT}
    },
    "gliner": {
        "x.json": [GLINER],
        "y.jsonl": GLINER,
        "z.json": [GLINER, {**GLINER, "ner": [[0, "x", "org"]]}],
    },
    "dygie": {"x.jsonl": DYGIE, "y.json": {"doc_key": "d", "sentences": [["a"]], "predicted_ner": [[]]}},
    "spacy-train": {
        "x.json": [[TEXT, {"entities": [[0, 4, "ORG"]]}]],
        "z.json": [[TEXT, {"entities": [[0, 4, "ORG"]]}], [TEXT, {"entities": [[0, 4]]}]],
        "y.json": {"classes": ["ORG"], "annotations": [[TEXT, {"entities": []}], None]},
    },
    "huggingface": {
        "x.jsonl": {"tokens": ["Acme"], "ner_tags": [3]},
        "y.jsonl": {"tokens": ["A"], "ner": ["B-X"]},
    },
    "spacy": {"x.spacy": zlib.compress(b"\x87\xa7version\xa3" + b"0.1\xa5attrs\x91\x41\xa6tokens\xc4")},
}
CASES = [(name, file, value) for name, files in EXAMPLES.items() for file, value in files.items()]


def put(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(("name", "file", "content"), CASES, ids=lambda value: str(value)[:12])
def test_each_format_is_recognised_and_by_no_other(
    name: str, file: str, content: Any, tmp_path: Path
) -> None:
    path = put(tmp_path / file, content)
    assert [other for other in formats.names() if formats.recognises(other, head.look(path))] == [name]
    assert recognise([path]).format == name


def test_every_format_of_ours_is_recognised_by_something() -> None:
    silent = [name for name in formats.FORMATS if not hasattr(formats.load(name), "recognise")]
    assert silent == []


@pytest.mark.parametrize(
    "content",
    [
        "It rained in Herat.\n\nNobody came.\n",
        "One\n",
        "O\n",
        "",
        "[1] See below.\n{sic}\n",
        "A B-52 flew.\n\nNobody saw it, said a man with blood of type O or so.\n\nIt was late.\n",
        "{\n",
        b"\xff\xfe\x00",
        {"id": "a", "text": "It rained."},
        {"id": "a", "text": "It rained.", "label": "weather"},
        {"id": "a", "text": "It rained.", "label": ["weather"]},
        {"id": "a", "text": "It rained.", "title": "Rain", "paragraphs": ["It rained."], "messages": []},
        {"text": "It rained.", "spans": []},
        {"tokens": ["It", "rained"], "lemmas": ["it", "rain"]},
        [[[[[]]]]],
    ],
)
def test_articles_and_what_is_nothing_are_in_no_format(content: Any, tmp_path: Path) -> None:
    assert recognise([put(tmp_path / "x", content)]).format is None


@pytest.mark.parametrize(
    ("said", "content"),
    [
        ("FoLiA", '<?xml version="1.0"?>\n<!-- a > b -->\n<FoLiA xmlns="x" version="2"><text/></FoLiA>'),
        ("TEI", '<!DOCTYPE TEI [<!ENTITY a "<b>">]>\n<tei:TEI xmlns:tei="x"></tei:TEI>'),
        ("NAF", "<NAF><text/></NAF>"),
        ("a GATE document", "<GateDocument></GateDocument>"),
        ("GATE's JSON", {"text": "a", "annotation_sets": {}}),
        ("the JSON of one spaCy Doc", {"text": "a", "ents": [], "tokens": []}),
        ("Label Studio's JSON_MIN", [{"text": "a", "id": 1, "annotator": 1, "annotation_id": 2}]),
        ("LDC's annotation graphs", '<?xml version="1.0"?>\n<AGSet id="a"/>'),
        ("MAVEN's test set", {"id": "d", "content": [{"tokens": ["a"]}], "candidates": []}),
        ("MAVEN-ERE", {"id": "d", "sentences": ["a"], "tokens": [["a"]], "temporal_relations": {}}),
        ("the test set of MAVEN-ERE or MAVEN-Arg", {"tokens": [["a"]], "event_mentions": [], "TIMEX": []}),
        ("DocRED", [{"vertexSet": [], "sents": [], "title": "a"}]),
        ("SQuAD", {"version": "1", "data": [{"title": "a", "paragraphs": []}]}),
        ("Label Studio's CSV", "text,id,label,annotator,annotation_id\na,1,,1,7\n"),
        ("an export of Label Studio", [{"id": 1, "data": {"text": "a"}, "annotations": []}]),
        ("spaCy 2's training JSON", [{"id": 0, "paragraphs": []}]),
        ("CoNLL-U without entities", "# text = a\n1\ta\ta\tDET\tDT\t_\t0\troot\t_\t_\n"),
        ("PubTator", "123|t|Title\n123|a|Abstract\n"),
        ("words with tags behind a slash", "The/DT cat/NN sat/VBD\n"),
        ("PDF", b"%PDF-1.7\n"),
        ("a zip archive", b"PK\x03\x04abc"),
        ("an Arrow file", b"ARROW1\0\0"),
    ],
)
def test_what_is_not_read_is_called_by_its_name(said: str, content: Any, tmp_path: Path) -> None:
    path = put(tmp_path / "x", content)
    with pytest.raises(CorpusError, match=f"this is {said}.*, which is not read"):
        recognise([path])
    assert unread.name(head.look(tmp_path)) is None


def test_a_tie_is_asked_about_and_so_are_files_of_two_formats(tmp_path: Path) -> None:
    both = put(tmp_path / "both.jsonl", DOCCANO | PRODIGY)
    with pytest.raises(CorpusError, match="can be read as doccano or prodigy; say which by --format"):
        recognise([both])
    one, other = put(tmp_path / "one.jsonl", DOCCANO), put(tmp_path / "other.json", [GLINER])
    with pytest.raises(CorpusError, match=r"several formats, .*one.jsonl is doccano, .*other.json is gliner"):
        recognise([one, other])
    assert recognise([both, one]).format == "doccano"


def test_a_folder_is_in_a_format_as_its_files_are(tmp_path: Path) -> None:
    put(tmp_path / "a" / "1.jsonl", DOCCANO)
    put(tmp_path / "a" / "deep" / "2.jsonl", LINKED)
    put(tmp_path / "a" / ".hidden", "x")
    put(tmp_path / "a" / "README.md", "Labels of last week.")
    found = recognise([tmp_path / "a"])
    assert found.format == "doccano"
    assert found.paths == [tmp_path / "a" / "1.jsonl", tmp_path / "a" / "deep" / "2.jsonl"]
    assert found.notes == [f"passed over: {tmp_path}/a/README.md (in no format that is known)"]
    put(tmp_path / "a" / "3.txt", "It rained.")
    with pytest.raises(CorpusError, match=r"1.jsonl \(doccano\).*no format that is known, .*3.txt"):
        recognise([tmp_path / "a"])


def test_a_folder_of_brat_is_one_thing_and_a_folder_of_articles_none(tmp_path: Path) -> None:
    put(tmp_path / "brat" / "x.ann", "T1\tLOC 0 5\tHerat\n")
    put(tmp_path / "brat" / "x.txt", "Herat")
    assert recognise([tmp_path / "brat"]) == ("brat", [tmp_path / "brat"], [])
    put(tmp_path / "news" / "a.txt", "It rained.")
    assert recognise([tmp_path / "news"]) == (None, [tmp_path / "news"], [])


def test_a_long_file_is_recognised_by_its_beginning(tmp_path: Path) -> None:
    one = json.dumps(PRODIGY) + "\n"
    lines = put(tmp_path / "x.jsonl", one * (head.SIZE // len(one) + 2))
    assert recognise([lines]).format == "prodigy"
    long = [[TEXT, {"entities": [[0, 4, "ORG"]]}]] * (head.SIZE // 60)
    assert recognise([put(tmp_path / "x.json", long)]).format == "spacy-train"


def test_members_of_an_object_that_is_cut_off_are_known_so_far(tmp_path: Path) -> None:
    path = put(tmp_path / "x.json", '{"a": [1, 2], "b" : "c", "d": {"e": [')
    assert head.look(path).members == {"a": [1, 2], "b": "c", "d": None}
    assert head.look(path).records == []


def test_columns_in_an_encoding_that_is_not_said_are_no_article(tmp_path: Path) -> None:
    path = put(tmp_path / "x.txt", "Zoë B-PER\ncame O\n".encode("cp1252"))
    assert recognise([path]).format == "conll"


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"cannot be read \(no such file or folder\)"):
        recognise([tmp_path / "x"])


# ---------------------------------------------------------------- by the commands

Call = Callable[..., Any]


def test_new_says_what_it_reads_and_reads_it(said_by: Call, tmp_path: Path) -> None:
    path = put(tmp_path / "x.jsonl", LINKED)
    said = said_by("corpus", "new", tmp_path / "c", "--from", path, "--json")
    assert said.err.startswith("read as doccano: doccano's JSON lines, ")
    assert (said.json["layers"], said.json["documents"]) == (["gold"], 1)


def test_new_names_what_it_does_not_read_and_writes_nothing(said_by: Call, tmp_path: Path) -> None:
    said = said_by("corpus", "new", tmp_path / "c", "--from", put(tmp_path / "x.xml", "<FoLiA/>"))
    assert said.code == 2
    assert said.err == f"goldwire: {tmp_path}/x.xml: this is FoLiA, which is not read\n"
    assert not (tmp_path / "c").exists()


def test_new_needs_texts_and_says_where_lines_without_them_go(said_by: Call, tmp_path: Path) -> None:
    path = put(tmp_path / "x.jsonl", {"document": "a", "mentions": []})
    said = said_by("corpus", "new", tmp_path / "c", "--from", path)
    assert said.code == 2
    assert "this is goldwire" in said.err
    assert "goldwire corpus import" in said.err


def test_import_recognises_too_and_a_named_format_is_taken_at_its_word(said_by: Call, tmp_path: Path) -> None:
    articles = put(tmp_path / "a.jsonl", {"id": "7", "text": TEXT})
    said_by("corpus", "new", tmp_path / "c", "--from", articles)
    said = said_by(
        "corpus", "import", tmp_path / "c", put(tmp_path / "x.jsonl", LINKED), "--layer", "system/x"
    )
    assert "read as doccano" in said.err
    assert "layer system/x with 1 document(s)" in said.out
    wrong = said_by(
        "corpus", "import", tmp_path / "c", tmp_path / "x.jsonl", "--layer", "x", "--format", "goldwire"
    )
    assert wrong.code == 2
    assert "not in the simple form" in wrong.err


def test_formats_says_in_and_out_loss_coverage_and_what_is_needed(said_by: Call) -> None:
    every = said_by("corpus", "formats").out
    assert all(name in every for name in formats.FORMATS)
    one = said_by("corpus", "formats", "spacy").out
    for said in ("in and out: in, out; needs the extra spacy", "not kept: all but mentions", "spans: ''"):
        assert said in one
    assert "judged is a document by: a Doc whose entities were set" in one
    assert "example: goldwire corpus export" in one
