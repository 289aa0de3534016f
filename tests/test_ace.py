"""ACE 2005 and rich ERE: files of our own prose after the DTDs apf.v5.1.1 and deft_rich_ere.1.1.

LDC licenses the corpora, so none of their files is here. Offsets are those of the text that stands in each
test, tags left out by hand; some are counted in comments.
"""

import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from goldwire.corpora import convert, formats
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.formats.sources import outside_tags
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Span

SGM = """<DOC>
<DOCID> NW_1 </DOCID>
<BODY>
<TEXT>
😀 Old AT&amp;T sued the mayor of Kabul on Monday.
He paid $5; the court fined him again.
</TEXT>
</BODY>
</DOC>
"""
# The text without tags: a line end stays where a tag stood.
PLAIN = (
    "\n NW_1 \n\n\n😀 Old AT&T sued the mayor of Kabul on Monday.\n"
    "He paid $5; the court fined him again.\n\n\n\n"
)
APF = """<?xml version="1.0"?>
<!DOCTYPE source_file SYSTEM "apf.v5.1.1.dtd">
<source_file URI="NW_1.sgm" SOURCE="newswire" TYPE="text" AUTHOR="LDC" ENCODING="UTF-8">
<document DOCID="NW_1">
<entity ID="E1" TYPE="ORG" SUBTYPE="Commercial" CLASS="SPC">
  <entity_mention ID="E1-1" TYPE="NAM" LDCTYPE="NAM">
    <extent>{Old AT&T}</extent><head>{AT&T}</head></entity_mention>
  <entity_attributes><name NAME="AT&amp;T">{AT&T}</name></entity_attributes>
</entity>
<entity ID="E2" TYPE="PER" SUBTYPE="Individual" CLASS="SPC">
  <entity_mention ID="E2-1" TYPE="NOM"><extent>{the mayor of Kabul}</extent>
    <head>{mayor}</head></entity_mention>
  <entity_mention ID="E2-2" TYPE="PRO"><extent>{He}</extent><head>{He}</head></entity_mention>
</entity>
<entity ID="E3" TYPE="GPE" SUBTYPE="Population-Center" CLASS="SPC">
  <entity_mention ID="E3-1" TYPE="NAM"><extent>{Kabul}</extent><head>{Kabul}</head></entity_mention>
</entity>
<value ID="V1" TYPE="Numeric" SUBTYPE="Money">
  <value_mention ID="V1-1"><extent>{$5}</extent></value_mention></value>
<timex2 ID="T1" VAL="2003-03-03"><timex2_mention ID="T1-1"><extent>{Monday}</extent></timex2_mention></timex2>
<relation ID="R1" TYPE="ORG-AFF" SUBTYPE="Employment" TENSE="Present" MODALITY="Asserted">
  <relation_argument REFID="E2" ROLE="Arg-1"/><relation_argument REFID="E3" ROLE="Arg-2"/>
  <relation_mention ID="R1-1" LEXICALCONDITION="Preposition"><extent>{the mayor of Kabul}</extent>
    <relation_mention_argument REFID="E2-1" ROLE="Arg-1">
      <extent>{the mayor of Kabul}</extent></relation_mention_argument>
    <relation_mention_argument REFID="E3-1" ROLE="Arg-2"><extent>{Kabul}</extent></relation_mention_argument>
    <relation_mention_argument REFID="T1-1" ROLE="Time-Within">
      <extent>{Monday}</extent></relation_mention_argument>
  </relation_mention>
</relation>
<event ID="EV1" TYPE="Justice" SUBTYPE="Sue" MODALITY="Asserted"
  POLARITY="Positive" GENERICITY="Specific" TENSE="Past">
  <event_argument REFID="E1" ROLE="Plaintiff"/>
  <event_mention ID="EV1-1"><extent>{AT&T sued the mayor of Kabul}</extent>
    <ldc_scope>{AT&T sued the mayor of Kabul}</ldc_scope><anchor>{sued}</anchor>
    <event_mention_argument REFID="E1-1" ROLE="Plaintiff"><extent>{AT&T}</extent></event_mention_argument>
    <event_mention_argument REFID="T1-1" ROLE="Time-Within"><extent>{Monday}</extent></event_mention_argument>
  </event_mention>
</event>
<event ID="EV2" TYPE="Justice" SUBTYPE="Fine" MODALITY="Asserted"
  POLARITY="Positive" GENERICITY="Specific" TENSE="Past">
  <event_mention ID="EV2-1"><extent>{He paid $5}</extent><anchor>{paid}</anchor>
    <event_mention_argument REFID="V1-1" ROLE="Money">
      <extent>{$5}</extent></event_mention_argument></event_mention>
  <event_mention ID="EV2-2"><extent>{the court fined him}</extent><anchor>{fined}</anchor></event_mention>
</event>
</document></source_file>
"""


def sequences(template: str, text: str) -> str:
    """A template with each {words} as the <charseq> of their first place in a text; END is inclusive."""
    pieces = template.split("{")
    made = [pieces[0]]
    for piece in pieces[1:]:
        words, rest = piece.split("}", 1)
        start = text.index(words)
        end = start + len(words) - 1
        made.append(f'<charseq START="{start}" END="{end}">{escape(words)}</charseq>{rest}')
    return "".join(made)


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode())
    return folder


def ace(folder: Path, sgm: str = SGM, apf: str = APF, text: str = PLAIN) -> Path:
    return put(folder, {"NW_1.sgm": sgm, "NW_1.apf.xml": sequences(apf, text)})


def read(path: Path, **values: str) -> Any:
    return convert.read("ace", [path], values)


def surfaces(reading: Any, units: str = "mentions") -> dict[str, str]:
    (line,) = reading.annotations
    text = {d.id: d.text for d in reading.documents}[line.document]
    spans = {u.id: (u.spans if units == "mentions" else u.trigger)[0] for u in getattr(line, units)}
    return {id: text[a:b] for id, (a, b) in spans.items()}


# ---------------------------------------------------------------- ACE


def test_a_folder_of_ace_is_recognised_and_read(tmp_path: Path) -> None:
    folder = ace(tmp_path / "nw")
    assert recognise([folder]).format == "ace"
    reading = read(folder)
    (document,) = reading.documents
    assert (document.id, document.text, document.meta.source) == ("NW_1", PLAIN, "newswire")
    (line,) = reading.annotations
    # "\n NW_1 \n\n\n" is 10 characters, then the emoji at 10, "Old" at 12, "AT&T" at 16 to 20.
    assert (line.mentions[0].spans, line.mentions[0].head) == ((Span(16, 20),), None)
    assert surfaces(reading) == {
        "E1-1": "AT&T", "E2-1": "mayor", "E2-2": "He", "E3-1": "Kabul", "V1-1": "$5", "T1-1": "Monday",
    }  # fmt: skip
    assert [(m.type, m.cluster) for m in line.mentions] == [
        ("ORG", "E1"), ("PER", "E2"), ("PER", "E2"), ("GPE", "E3"), ("Numeric:Money", None), ("TIMEX2", None),
    ]  # fmt: skip
    assert line.mentions[1].attributes == {"subtype": "Individual", "class": "SPC", "mention_type": "NOM"}
    assert line.mentions[5].attributes == {"val": "2003-03-03"}
    assert not reading.quarantined
    assert reading.notes == ["offsets count the text outside tags (1 document(s))"]


def test_events_are_clustered_and_relations_go_from_arg_1_to_arg_2(tmp_path: Path) -> None:
    reading = read(ace(tmp_path))
    (line,) = reading.annotations
    assert surfaces(reading, "events") == {"EV1-1": "sued", "EV2-1": "paid", "EV2-2": "fined"}
    assert [(e.type, e.cluster) for e in line.events] == [
        ("Justice:Sue", "EV1"),
        ("Justice:Fine", "EV2"),
        ("Justice:Fine", "EV2"),
    ]
    assert [(a.role, a.mention) for a in line.events[0].arguments] == [
        ("Plaintiff", "E1-1"),
        ("Time-Within", "T1-1"),
    ]
    assert line.events[0].attributes == {
        "modality": "Asserted", "polarity": "Positive", "genericity": "Specific", "tense": "Past",
    }  # fmt: skip
    assert [(r.type, r.source, r.target) for r in line.relations] == [("ORG-AFF:Employment", "E2-1", "E3-1")]


def test_what_is_not_kept_is_counted(tmp_path: Path) -> None:
    # Two mentions have an extent wider than their head (Old AT&T, the mayor of Kabul); three event mentions
    # have an extent, one of them a scope as well.
    assert read(ace(tmp_path)).loss == {
        "arguments of relations besides the two": 1,
        "attributes of relations": 2,
        "extents of events": 4,
        "extents of mentions": 2,
        "extents of relations": 1,
        "names of entities": 1,
    }


def test_extents_are_spans_on_request_and_keep_their_heads(tmp_path: Path) -> None:
    reading = read(ace(tmp_path), spans="extent")
    assert surfaces(reading)["E2-1"] == "the mayor of Kabul"
    (line,) = reading.annotations
    start, end = line.mentions[1].head
    assert PLAIN[start:end] == "mayor"
    assert "extents of mentions" not in reading.loss


def test_a_broadcast_with_turns_and_posters_is_read(tmp_path: Path) -> None:
    sgm = (
        "<DOC>\r\n<DOCID>BC_2</DOCID>\r\n<TURN>\r\n<SPEAKER>ANN</SPEAKER>\r\n"
        'They <QUOTE PREVIOUSPOST="a"/>won; 3 < 4 held.\r\n</TURN>\r\n</DOC>\r\n'
    )
    for text in (
        "\r\nBC_2\r\n\r\nANN\r\nThey won; 3 < 4 held.\r\n\r\n\r\n",  # CRLF counted as two characters
        "\nBC_2\n\nANN\nThey won; 3 < 4 held.\n\n\n",  # and as one
    ):
        apf = (
            '<source_file URI="BC_2.sgm"><document DOCID="BC_2"><entity ID="E1" TYPE="PER">'
            '<entity_mention ID="E1-1" TYPE="NAM"><extent>{ANN}</extent><head>{ANN}</head></entity_mention>'
            '<entity_mention ID="E1-2" TYPE="PRO"><extent>{They}</extent><head>{They}</head></entity_mention>'
            '</entity><value ID="V" TYPE="Numeric"><value_mention ID="V-1"><extent>{4 held}</extent>'
            "</value_mention></value></document></source_file>"
        )
        reading = read(put(tmp_path, {"BC_2.sgm": sgm, "BC_2.apf.xml": sequences(apf, text)}))
        assert surfaces(reading) == {"E1-1": "ANN", "E1-2": "They", "V-1": "4 held"}
        assert "\r" not in reading.documents[0].text
        assert not reading.quarantined


def test_entities_that_are_counted_as_written_are_told_by_the_words(tmp_path: Path) -> None:
    written = PLAIN.replace("AT&T", "AT&amp;T")
    # {AT&T} stands in the XML, and its place is that of AT&amp;T, 8 characters.
    apf = sequences(APF.replace("AT&T", "AT&amp;T"), written).replace("&amp;amp;", "&amp;")
    folder = put(tmp_path, {"NW_1.sgm": SGM, "NW_1.apf.xml": apf})
    reading = read(folder)
    assert reading.documents[0].text == written
    assert surfaces(reading)["E1-1"] == "AT&amp;T"
    assert surfaces(reading)["T1-1"] == "Monday"
    assert not reading.quarantined
    assert reading.notes == ["offsets count the text outside tags, entities as written (1 document(s))"]


def test_a_byte_order_mark_may_be_counted(tmp_path: Path) -> None:
    for text in (PLAIN, "\ufeff" + PLAIN):
        reading = read(ace(tmp_path, "\ufeff" + SGM, text=text))
        assert reading.documents[0].text == PLAIN
        assert surfaces(reading)["T1-1"] == "Monday"
        assert not reading.quarantined


def test_cdata_is_text_and_comments_are_not() -> None:
    assert (
        outside_tags("a<!-- <b> --><![CDATA[<c>&amp;]]>&lt;d&#101;&none;<e f='g'/>") == "a<c>&amp;<de&none;"
    )
    assert outside_tags("a <!-- never closed <b>") == "a <!-- never closed <b>"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (">Monday<", ">Tuesday<", {("mention", "words-differ"), ("argument", "no-mention"), }),
        ('ID="E1-1" TYPE', 'IDS="E1-1" TYPE', {("mention", "malformed"), ("argument", "no-mention")}),
        ("<anchor>", "<anker>", {("event", "malformed")}),
        ('ROLE="Arg-1"', 'ROLE="Arg-3"', {("relation", "malformed")}),
        ('REFID="E3-1" ROLE="Arg-2"', 'REFID="E9-1" ROLE="Arg-2"', {("relation", "no-mention")}),
        ('REFID="E1-1" ROLE', 'REFIDS="E1-1" ROLE', {("argument", "malformed")}),
        (">sued<", ">suited<", {("event", "words-differ"), ("argument", "words-differ")}),
        ('mention ID="E3-1"', 'mention ID="E1-1"', {("mention", "repeated-id"), ("relation", "no-mention")}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_rejected_by_kind(
    tmp_path: Path, old: str, new: str, found: set[tuple[str, str]]
) -> None:
    folder = ace(tmp_path)
    apf = (folder / "NW_1.apf.xml").read_text()
    changed = apf.replace(old, new).replace("</anchor>", "</anker>" if new == "<anker>" else "</anchor>")
    assert changed != apf
    (folder / "NW_1.apf.xml").write_text(changed)
    assert {(item.unit, item.kind) for item in read(folder).quarantined} == found


def test_an_offset_outside_the_text_is_rejected(tmp_path: Path) -> None:
    folder = ace(tmp_path)
    start = PLAIN.index("Monday")
    apf = (folder / "NW_1.apf.xml").read_text().replace(f'START="{start}"', 'START="-4"')
    (folder / "NW_1.apf.xml").write_text(apf)
    assert {(i.unit, i.kind) for i in read(folder).quarantined} == {
        ("mention", "outside-text"),
        ("argument", "no-mention"),
    }


# ---------------------------------------------------------------- files


def test_a_source_without_annotation_brings_its_text_and_is_not_judged(tmp_path: Path) -> None:
    folder = put(ace(tmp_path), {"NW_2.sgm": "<DOC>\nRain &lt; snow.</DOC>", "README.txt": "About."})
    reading = read(folder)
    assert [(d.id, d.text) for d in reading.documents][1] == ("NW_2", "\nRain < snow.")
    assert [line.document for line in reading.annotations] == ["NW_1"]
    assert "sources without annotation: NW_2" in reading.notes
    assert "passed over, since no annotation names them: README.txt" in reading.notes


def test_an_annotation_file_given_alone_finds_its_source_and_takes_no_other(tmp_path: Path) -> None:
    folder = put(ace(tmp_path), {"NW_2.sgm": "<DOC>Rain.</DOC>"})
    (folder / "NW_1.apf.xml").rename(folder / "other.apf.xml")
    reading = read(folder / "other.apf.xml")
    assert [document.id for document in reading.documents] == ["NW_1"]
    assert reading.notes == ["offsets count the text outside tags (1 document(s))"]


def test_an_annotation_without_its_source_is_refused(tmp_path: Path) -> None:
    folder = ace(tmp_path)
    (folder / "NW_1.sgm").unlink()
    with pytest.raises(DataError, match=r"its source 'NW_1' \(.*\) is neither beside it nor in the folder"):
        read(folder)


def test_a_folder_of_sources_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no annotation file of ACE or ERE.* among 1 file"):
        read(put(tmp_path, {"NW_1.sgm": SGM}))


def test_a_document_in_two_folders_of_a_release_is_refused_with_both_paths(tmp_path: Path) -> None:
    ace(tmp_path / "adj"), ace(tmp_path / "timex2norm")
    with pytest.raises(
        DataError, match=r"timex2norm/NW_1\.apf\.xml: annotates 'NW_1', as .*adj/NW_1\.apf\.xml"
    ):
        read(tmp_path)
    assert read(tmp_path / "adj").annotations


def test_two_sources_of_one_name_are_refused_unless_one_is_beside_the_annotation(tmp_path: Path) -> None:
    apf = sequences(APF, PLAIN)
    put(tmp_path, {"a/NW_1.sgm": SGM, "b/NW_1.sgm": SGM, "c/NW_1.apf.xml": apf})
    with pytest.raises(DataError, match=r"has two sources, .*a/NW_1\.sgm and .*b/NW_1\.sgm"):
        read(tmp_path)
    put(tmp_path, {"c/NW_1.sgm": SGM})
    assert not read(tmp_path).quarantined


def test_an_annotation_that_names_another_source_than_its_own_is_refused(tmp_path: Path) -> None:
    folder = put(ace(tmp_path), {"NW_2.sgm": SGM})
    (folder / "NW_1.apf.xml").rename(folder / "NW_2.apf.xml")
    with pytest.raises(DataError, match="names the source 'NW_1', but is called as 'NW_2', which is there"):
        read(folder)
    (folder / "NW_1.sgm").unlink()  # then the file was renamed with its source
    assert [line.document for line in read(folder).annotations] == ["NW_2"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</source_file>", "", r"NW_1\.apf\.xml:\d+: .*is no XML"),
        ('"apf.v5.1.1.dtd"', '"apf.v5.1.1.dtd" [<!ENTITY a "b">]', "declares an entity, 'a'"),
        ("<document DOCID", "<documents DOCID", "is no XML"),
        ("</document>", "</document><document/>", "holds 2 times <document>"),
    ],
)
def test_damaged_and_hostile_xml_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = ace(tmp_path)
    path = folder / "NW_1.apf.xml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match="1 fault") as caught:
        read(folder)
    assert any(re.search(message, str(fault)) for fault in caught.value.faults)


def test_entities_that_a_source_declares_are_not_resolved(tmp_path: Path) -> None:
    hostile = SGM.replace("<DOC>", '<!DOCTYPE DOC [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><DOC>&b;')
    reading = read(ace(tmp_path, hostile))
    assert "&b;" in reading.documents[0].text


def test_an_import_puts_annotations_on_the_texts_of_a_corpus(tmp_path: Path) -> None:
    document = make_document("NW_1", PLAIN)
    reading = convert.read("ace", [ace(tmp_path)], {}, [document])
    assert reading.documents == []
    assert len(reading.annotations[0].mentions) == 6
    (tmp_path / "NW_1.sgm").unlink()  # the corpus has the text
    assert len(convert.read("ace", [tmp_path / "NW_1.apf.xml"], {}, [document]).annotations[0].mentions) == 6


# ---------------------------------------------------------------- rich ERE

POST = """<?xml version="1.0" encoding="UTF-8"?>
<doc id="DF_1">
<headline>
Fire at R&amp;D
</headline>
<post author="jo" datetime="2014-01-01">
The guards 😀 fled the burning lab at noon.
Two more left.
</post>
</doc>
"""
ERE = """<?xml version="1.0" encoding="UTF-8"?>
<deft_ere kit_id="k" doc_id="DF_1" source_type="multi_post">
 <entities>
  <entity id="ent-1" type="PER" specificity="nonspecific">
   <entity_mention id="m-1" noun_type="NOM" source="DF_1" {The guards}><mention_text>The guards</mention_text>
    <nom_head source="DF_1" {guards}>guards</nom_head></entity_mention>
  </entity>
  <entity id="ent-2" type="PER" specificity="specific">
   <entity_mention id="m-2" noun_type="NAM" source="DF_1" {jo}>
    <mention_text>jo</mention_text></entity_mention>
  </entity>
  <entity id="ent-3" type="FAC" specificity="specific">
   <entity_mention id="m-3" noun_type="NOM" source="DF_1" {the burning lab}>
    <mention_text>the burning lab</mention_text>
    <nom_head source="DF_1" {lab}>lab</nom_head></entity_mention>
  </entity>
 </entities>
 <fillers><filler id="f-1" source="DF_1" {noon} type="time">noon</filler></fillers>
 <relations><relation id="r-1" type="physical" subtype="locatednear">
  <relation_mention id="relm-1" realis="true">
   <rel_arg1 entity_id="ent-1" entity_mention_id="m-1" role="entity">The guards</rel_arg1>
   <rel_arg2 entity_id="ent-3" entity_mention_id="m-3" role="place">the burning lab</rel_arg2>
  </relation_mention></relation></relations>
 <hoppers><hopper id="h-1">
  <event_mention id="em-1" type="movement" subtype="transportperson" realis="actual" ibip="true">
   <trigger source="DF_1" {fled}>fled</trigger>
   <em_arg entity_id="ent-1" entity_mention_id="m-1" role="person" realis="true">The guards</em_arg>
   <em_arg filler_id="f-1" role="time" realis="true">noon</em_arg>
  </event_mention>
  <event_mention id="em-2" type="movement" subtype="transportperson" realis="generic">
   <trigger source="DF_1" {left}>left</trigger></event_mention>
 </hopper></hoppers>
</deft_ere>
"""


def located(template: str, text: str) -> str:
    """A template with each {words} as the offset and length of their first place in a text."""
    pieces = template.split("{")
    made = [pieces[0]]
    for piece in pieces[1:]:
        words, rest = piece.split("}", 1)
        made.append(f'offset="{text.index(words)}" length="{len(words)}"{rest}')
    return "".join(made)


def test_ere_counts_the_whole_file_and_keeps_authors_in_tags(tmp_path: Path) -> None:
    folder = put(tmp_path, {"source/DF_1.xml": POST, "ere/DF_1.rich_ere.xml": located(ERE, POST)})
    assert recognise([folder]).format == "ace"
    reading = read(folder)
    assert reading.documents[0].text == POST
    assert surfaces(reading) == {"m-1": "guards", "m-2": "jo", "m-3": "lab", "f-1": "noon"}
    (line,) = reading.annotations
    assert [(m.type, m.cluster) for m in line.mentions] == [
        ("PER", "ent-1"), ("PER", "ent-2"), ("FAC", "ent-3"), ("time", None),
    ]  # fmt: skip
    assert line.mentions[0].attributes == {"specificity": "nonspecific", "mention_type": "NOM"}
    assert [(e.type, e.cluster, e.attributes) for e in line.events] == [
        ("movement:transportperson", "h-1", {"realis": "actual"}),
        ("movement:transportperson", "h-1", {"realis": "generic"}),
    ]
    assert [(a.role, a.mention) for a in line.events[0].arguments] == [("person", "m-1"), ("time", "f-1")]
    assert [(r.type, r.source, r.target) for r in line.relations] == [("physical:locatednear", "m-1", "m-3")]
    assert reading.loss == {"extents of mentions": 2, "realis of arguments": 2, "realis of relations": 1}
    assert reading.notes == ["offsets count the whole file (1 document(s))"]


def test_ere_that_counts_the_text_outside_tags_is_told_by_its_words(tmp_path: Path) -> None:
    plain = "\n\n\nFire at R&D\n\n\nThe guards 😀 fled the burning lab at noon.\nTwo more left.\n\n\n"
    ere = ERE.replace("{jo}", 'offset="900" length="2"')  # the author is in a tag, and nowhere in that text
    folder = put(tmp_path, {"DF_1.xml": POST, "DF_1.rich_ere.xml": located(ere, plain)})
    reading = read(folder)
    assert reading.documents[0].text == plain
    assert surfaces(reading)["f-1"] == "noon"
    assert [(i.unit, i.kind, i.id) for i in reading.quarantined] == [("mention", "outside-text", "m-2")]


def test_ere_over_plain_text_is_read_with_the_source_that_fits(tmp_path: Path) -> None:
    post = "Jo left, R&amp;D said.\n"
    ere = """<deft_ere doc_id="DF_2"><entities><entity id="ent-1" type="ORG"><entity_mention id="m-1"
      source="DF_2" {R&amp;D}><mention_text>R&amp;amp;D</mention_text></entity_mention></entity></entities>
      <hoppers><hopper id="h-1"><event_mention id="em-1" type="movement" subtype="transport" realis="other">
      <trigger source="DF_2" {left}>left</trigger><em_arg role="agent" entity_id="ent-1">R</em_arg>
      </event_mention></hopper></hoppers></deft_ere>"""
    files = {"cmp/DF_2.cmp.txt": post, "mpdf/DF_2.mpdf.xml": f"<doc>{post}</doc>"}
    for text in files.values():
        put(tmp_path, {**files, "ere/DF_2.rich_ere.xml": located(ere, text)})
        reading = read(tmp_path)
        assert reading.documents[0].text == text
        assert surfaces(reading, "events") == {"em-1": "left"}
        assert [(i.unit, i.kind) for i in reading.quarantined] == [("argument", "malformed")]


def test_words_that_are_not_given_are_counted_as_unchecked(tmp_path: Path) -> None:
    ere = located(ERE, POST).replace("<mention_text>jo</mention_text>", "")
    reading = read(put(tmp_path, {"DF_1.xml": POST, "DF_1.rich_ere.xml": ere}))
    assert reading.loss["checks of words, which the file does not give"] == 1
    assert surfaces(reading)["m-2"] == "jo"


def test_the_format_says_what_it_is() -> None:
    about = formats.about("ace")
    assert (about["writes"], about["covers"]) == (False, "listed")
    assert about["options"]["spans"] == "head"
