"""BioC and PubAnnotation: files after their published forms, in our own words."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import convert
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.types import Span

# Passages at 0 and at 21: "😀 Ann has measles.  " is 18 code points, 19 UTF-16 units, 21 bytes.
XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>x</source><date/><key/>
<document><id>7</id>
 <passage><offset>0</offset><text>😀 Ann has measles.</text>
  <annotation id="T1"><infon key="type">PER</infon><location offset="{ann}" length="3"/>
   <text>Ann</text></annotation>
  <annotation id="T2"><infon key="type">DIS</infon><infon key="MESH">D8</infon>
   <location offset="{measles}" length="7"/><text>measles</text></annotation>
 </passage>
 <passage><offset>{second}</offset><text>She is ill.</text>
  <annotation id="T3"><infon key="type">PER</infon><location offset="{second}" length="3"/>
   <text>She</text></annotation>
 </passage>
 <relation id="R1"><infon key="type">has</infon>
  <node refid="T1" role="who"/><node refid="T2" role="what"/></relation>
</document></collection>
"""


def put(path: Path, content: Any) -> Path:
    path.write_bytes((content if isinstance(content, str) else json.dumps(content)).encode())
    return path


@pytest.mark.parametrize(
    ("ann", "measles", "second"),
    [(2, 10, 19), (3, 11, 20), (5, 13, 22)],  # code points, UTF-16 units, bytes: the emoji is 1, 2, 4
)
def test_offsets_are_in_the_unit_that_gives_the_words(
    tmp_path: Path, ann: int, measles: int, second: int
) -> None:
    path = put(tmp_path / "a.xml", XML.format(ann=ann, measles=measles, second=second))
    assert recognise([path]).format == "bioc"
    reading = convert.read("bioc", [path], {})
    assert [(d.id, d.text) for d in reading.documents] == [("7", "😀 Ann has measles.\nShe is ill.")]
    (line,) = reading.annotations
    assert [(m.id, m.type, m.spans) for m in line.mentions] == [
        ("T1", "PER", (Span(2, 5),)),
        ("T2", "DIS", (Span(10, 17),)),
        ("T3", "PER", (Span(19, 22),)),
    ]
    assert [(r.type, r.source, r.target) for r in line.relations] == [("has", "T1", "T2")]
    assert reading.loss == {"infons": 1, "roles of nodes": 2}


def test_json_of_bioc_is_read_with_parts_and_sentences(tmp_path: Path) -> None:
    def one(id: str, text: str, *places: tuple[int, int]) -> dict[str, Any]:
        locations = [{"offset": offset, "length": length} for offset, length in places]
        return {"id": id, "infons": {"type": "X"}, "text": text, "locations": locations}

    sentence = {
        "offset": 4,
        "text": "left and right lung",
        "annotations": [one("a", "left lung", (4, 4), (19, 4))],
    }
    record = {"id": 1, "passages": [{"offset": 4, "sentences": [sentence]}]}
    path = put(tmp_path / "a.json", {"source": "x", "documents": [record]})
    assert recognise([path]).format == "bioc"
    reading = convert.read("bioc", [path], {})
    assert reading.documents[0].text == "    left and right lung"
    (mention,) = reading.annotations[0].mentions
    assert mention.spans == (Span(4, 8), Span(19, 23))


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ('offset="2"', 'offset="3"', "words-differ"),
        ('offset="2"', 'offset="400"', "outside-text"),
        ('<infon key="type">PER</infon><location offset="2"', '<location offset="2"', "unlabelled"),
        ('<node refid="T1"', '<node refid="T9"', "no-mention"),
        ('annotation id="T3"', 'annotation id="T1"', "repeated-id"),
    ],
)
def test_what_does_not_fit_is_rejected(tmp_path: Path, old: str, new: str, kind: str) -> None:
    text = XML.format(ann=2, measles=10, second=19)
    assert old in text
    reading = convert.read("bioc", [put(tmp_path / "a.xml", text.replace(old, new))], {})
    assert kind in {item.kind for item in reading.quarantined}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<key/>", "<key>", r"a\.xml:\d+: is no XML"),
        ("<offset>0<", "<offset>zero<", r"a\.xml:5: <passage> has 'zero' as its <offset>"),
        ("<offset>19<", "<offset>3<", "passages overlap"),
        ("<offset>19<", "<offset>99999999<", "begins 99999981 behind the end of the one before"),
        ('"BioC.dtd"', '"BioC.dtd" [<!ENTITY x "y">]', "declares an entity, 'x'"),
    ],
)
def test_files_out_of_form_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = XML.format(ann=2, measles=10, second=19)
    assert old in text
    with pytest.raises(DataError, match=message):
        convert.read("bioc", [put(tmp_path / "a.xml", text.replace(old, new))], {})


def test_denotations_relations_and_attributes_are_read(tmp_path: Path) -> None:
    record = {
        "sourcedb": "PubMed",
        "sourceid": "12",
        "text": "😀 Ann has left and right pain.",
        "denotations": [
            {"id": "T1", "span": {"begin": 2, "end": 5}, "obj": "PER"},
            {"id": "T2", "span": [{"begin": 10, "end": 14}, {"begin": 25, "end": 29}], "obj": "SYM"},
            {"id": "T3", "span": {"begin": 19, "end": 29}, "obj": "SYM"},
        ],
        "attributes": [{"id": "A1", "subj": "T2", "pred": "negated", "obj": False}],
        "relations": [{"id": "R1", "subj": "T1", "pred": "has", "obj": "T2"}],
    }
    path = put(tmp_path / "a.json", record)
    assert recognise([path]).format == "pubannotation"
    reading = convert.read("pubannotation", [path], {})
    assert reading.documents[0].id == "PubMed-12"
    (line,) = reading.annotations
    assert [(m.id, m.spans, m.attributes) for m in line.mentions] == [
        ("T1", (Span(2, 5),), {}),
        ("T2", (Span(10, 14), Span(25, 29)), {"negated": "false"}),
        ("T3", (Span(19, 29),), {}),
    ]
    assert [(r.type, r.source, r.target) for r in line.relations] == [("has", "T1", "T2")]


def test_parts_that_are_chained_are_one_mention(tmp_path: Path) -> None:
    record = {
        "text": "left and right pain",
        "denotations": [
            {"id": "T1", "span": {"begin": 0, "end": 4}, "obj": "SYM"},
            {"id": "T2", "span": {"begin": 15, "end": 19}, "obj": "_FRAGMENT"},
        ],
        "relations": [{"id": "R1", "subj": "T2", "pred": "_lexicallyChainedTo", "obj": "T1"}],
    }
    (line,) = convert.read("pubannotation", [put(tmp_path / "a.json", record)], {}).annotations
    assert [(m.id, m.spans) for m in line.mentions] == [("T1", (Span(0, 4), Span(15, 19)))]
    assert line.relations == ()


def test_several_tracks_are_asked_for(tmp_path: Path) -> None:
    tracks = [{"project": name, "denotations": []} for name in ("one", "two")]
    path = put(tmp_path / "a.json", {"text": "Ann", "tracks": tracks})
    with pytest.raises(DataError, match="several tracks, one, two: say which by -o track=NAME"):
        convert.read("pubannotation", [path], {})
    assert convert.read("pubannotation", [path], {"track": "two"}).annotations


def test_links_to_nothing_and_wrong_spans_are_rejected(tmp_path: Path) -> None:
    record = {
        "text": "Ann",
        "denotations": [{"id": "T1", "span": {"begin": 0, "end": 9}, "obj": "PER"}, {"id": "T2"}],
        "relations": [{"subj": "T1", "pred": "has", "obj": "T7"}],
    }
    reading = convert.read("pubannotation", [put(tmp_path / "a.json", record)], {})
    assert sorted((i.unit, i.kind) for i in reading.quarantined) == [
        ("mention", "malformed"),
        ("mention", "outside-text"),
        ("relation", "no-mention"),
    ]
