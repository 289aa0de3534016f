"""UIMA CAS: files that dkpro-cassis writes are read, and it opens what is written."""

import re
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import formats, library
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.formats import cas, uima
from goldwire.corpora.formats.head import look
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span

cassis = pytest.importorskip("cassis")
TEXT = "😀 Ann hit Bob in Bern.\nBob fell."
# In UTF-16 the emoji is two units: Ann 3-6, hit 7-10, Bob 11-14, Bern 18-22. In code points each is one less.


def project(**more: Any) -> Any:
    """A type system as a project of INCEpTION has it: people, attacks with slots, links, and tokens."""
    system = cassis.TypeSystem()
    person = system.create_type("webanno.custom.Person")
    system.create_feature(person, "kind", "uima.cas.String")
    system.create_feature(person, "sure", "uima.cas.Boolean")
    link = system.create_type("webanno.custom.AttackRolesLink", supertypeName="uima.cas.TOP")
    system.create_feature(link, "role", "uima.cas.String")
    system.create_feature(link, "target", "uima.tcas.Annotation")
    attack = system.create_type("webanno.custom.Attack")
    system.create_feature(attack, "realis", "uima.cas.String")
    system.create_feature(attack, "roles", "uima.cas.FSArray", elementType=link)
    knows = system.create_type("webanno.custom.Knows")
    system.create_feature(knows, "label", "uima.cas.String")
    system.create_feature(knows, "Governor", person)
    system.create_feature(knows, "Dependent", person)
    system.create_type("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token")
    return system


def annotated(system: Any) -> Any:
    made = cassis.Cas(typesystem=system)
    made.sofa_string, made.sofa_mime = TEXT, "text/plain"
    get = system.get_type
    ann = get("webanno.custom.Person")(begin=2, end=5, kind="PER", sure=True)
    bob = get("webanno.custom.Person")(begin=10, end=13, kind="PER")
    link = get("webanno.custom.AttackRolesLink")
    roles = [link(role="attacker", target=ann), link(role="target", target=bob)]
    array = get("uima.cas.FSArray")(elements=roles)
    attack = get("webanno.custom.Attack")(begin=6, end=9, realis="actual", roles=array)
    knows = get("webanno.custom.Knows")(begin=10, end=13, label="knows", Governor=ann, Dependent=bob)
    token = get("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token")(begin=2, end=5)
    for item in (ann, bob, attack, knows, token):
        made.add(item)
    return made


def written(folder: Path, form: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    system = project()
    made = annotated(system)
    if form == "json":
        made.to_json(folder / "a.json")
        return folder / "a.json"
    made.to_xmi(folder / "a.xmi")
    system.to_xml(folder / "TypeSystem.xml")
    return folder / "a.xmi"


@pytest.mark.parametrize("form", ["xmi", "json"])
def test_layers_of_a_project_are_mentions_events_and_relations(tmp_path: Path, form: str) -> None:
    reading = cas.read([written(tmp_path, form)], cas.Options(label="kind"))
    assert [(d.id, d.text) for d in reading.documents] == [("a", TEXT)]
    (line,) = reading.annotations
    assert [(m.type, m.spans, m.attributes) for m in line.mentions] == [
        ("PER", (Span(2, 5),), {"sure": "true"}),
        ("PER", (Span(10, 13),), {}),
    ]
    ids = [mention.id for mention in line.mentions]
    (event,) = line.events
    assert (event.trigger, [(a.role, a.mention) for a in event.arguments]) == (
        (Span(6, 9),),
        [("attacker", ids[0]), ("target", ids[1])],
    )
    (relation,) = line.relations
    assert (relation.type, relation.source, relation.target) == ("knows", ids[0], ids[1])
    assert not line.rejected
    assert not reading.loss  # tokens are passed over


@pytest.mark.parametrize("form", ["xmi", "json"])
def test_files_are_recognised_by_their_content(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form)
    assert recognise([path]).format == "cas"
    assert form == "json" or recognise([tmp_path]).format == "cas"


def test_offsets_inside_an_emoji_or_behind_the_text_are_rejected(tmp_path: Path) -> None:
    path = written(tmp_path, "xmi")
    shifted = path.read_text().replace('begin="3"', 'begin="1"').replace('end="14"', 'end="400"')
    path.write_text(shifted)
    (line,) = cas.read([path], cas.Options(label="kind")).annotations
    assert [(item.unit, item.kind) for item in line.rejected] == [
        ("mention", "outside-text"),  # Ann, from the middle of the emoji
        ("mention", "outside-text"),  # Bob, to a place that there is not
        ("argument", "no-mention"),
        ("argument", "no-mention"),
        ("relation", "no-mention"),
    ]
    assert line.mentions == ()


def test_a_layer_of_triggers_without_slots_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "json")
    (line,) = cas.read([path], cas.Options(label="kind", events="Person")).annotations
    assert {event.type for event in line.events} == {"PER", "actual"}


def test_a_label_that_was_not_chosen_is_rejected(tmp_path: Path) -> None:
    path = written(tmp_path, "xmi")
    path.write_text(path.read_text().replace(' kind="PER"', "", 1))
    (line,) = cas.read([path], cas.Options(label="kind")).annotations
    assert ("mention", "unlabelled") in [(item.unit, item.kind) for item in line.rejected]


def test_xmi_without_its_type_system_says_where_it_is_looked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "x", "xmi")
    (tmp_path / "x" / "TypeSystem.xml").rename(tmp_path / "types.xml")
    with pytest.raises(DataError, match=r"TypeSystem\.xml beside it.*-o types=FILE"):
        cas.read([path], cas.Options())
    assert cas.read([path], cas.Options(types=str(tmp_path / "types.xml"))).documents


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("?>", '?><!DOCTYPE x [<!ENTITY a "b">]>', "declares an entity, 'a'"),
        ("</xmi:XMI>", "", "is no XML"),
        ("</xmi:XMI>", "<x>" * 200 + "</x>" * 200 + "</xmi:XMI>", "nested more than 100 deep"),
        ('begin="3"', 'begin="three"', "begin='three', which is no whole number"),
        ("webanno/custom", "webanno/other", "cassis cannot read it"),
    ],
)
def test_damaged_or_hostile_xmi_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = written(tmp_path, "xmi")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=re.escape(message)):
        cas.read([path], cas.Options())


@pytest.mark.parametrize("text", ["{}", "[]", '{"%FEATURE_STRUCTURES": [1]}', "{", "[" * 5000 + "]" * 5000])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=r"a\.json"):
        cas.read([tmp_path / "a.json"], cas.Options())


def test_two_files_of_one_document_are_told(tmp_path: Path) -> None:
    for name in ("one", "two"):
        written(tmp_path / name, "json")
    paths = sorted(tmp_path.rglob("*.json"))
    reading = cas.read(paths, cas.Options())
    assert [(item.unit, item.kind) for item in reading.quarantined] == [("document", "repeated-document")]


def test_line_ends_count_as_they_are_written(tmp_path: Path) -> None:
    system = project()
    made = cassis.Cas(typesystem=system)
    made.sofa_string = "a\r\nBob"  # Bob is 3 to 6 there, and 2 to 5 with one line end
    made.add(system.get_type("webanno.custom.Person")(begin=3, end=6, kind="PER"))
    made.to_json(tmp_path / "a.json")
    reading = cas.read([tmp_path / "a.json"], cas.Options(label="kind"))
    assert reading.documents[0].text == "a\nBob"
    assert reading.annotations[0].mentions[0].spans == (Span(2, 5),)


@pytest.mark.parametrize("form", ["xmi", "json"])
def test_cassis_opens_what_is_written(tmp_path: Path, form: str) -> None:
    corpus = library.open("mazar-2021")
    documents, layer = corpus.documents(), corpus.layer("gold")
    loss = cas.write(tmp_path, documents, layer, cas.Options(form=form))  # type: ignore[arg-type]
    whole = {d.id: [m for m in layer[d.id].mentions if len(m.spans) == 1] for d in documents}
    for document in documents:
        path = tmp_path / f"{document.id}.{form}"
        if form == "xmi":
            types = cassis.load_typesystem(tmp_path / "TypeSystem.xml")
            opened = cassis.load_cas_from_xmi(path, typesystem=types)
        else:
            opened = cassis.load_cas_from_json(path.read_text())
        assert opened.sofa_string == document.text
        found = [(item.value, item.begin, item.end) for item in opened.select(uima.ENTITY)]
        assert sorted(found) == sorted((m.type, *m.spans[0]) for m in whole[document.id])
    assert loss["discontinuous mentions"] == sum(
        len(layer[d.id].mentions) - len(whole[d.id]) for d in documents
    )
    reading = cas.read([tmp_path], cas.Options(), documents)
    assert len(reading.annotations) == len(documents)
    assert not any(line.rejected for line in reading.annotations)


@pytest.mark.parametrize("form", ["xmi", "json"])
def test_a_folder_with_documents_of_another_layer_is_refused(tmp_path: Path, form: str) -> None:
    corpus = library.open("mazar-2021")
    documents, layer = corpus.documents(), corpus.layer("gold")
    options = cas.Options(form=form)  # type: ignore[arg-type]
    for _ in range(2):  # the same documents again take the place of what is there
        cas.write(tmp_path, documents[:3], layer, options)
    before = sorted(tmp_path.iterdir())
    for other in (options, cas.Options(form="json" if form == "xmi" else "xmi")):
        with pytest.raises(CorpusError, match="that this layer does not cover"):
            cas.write(tmp_path, documents[1:3], layer, other)
    assert sorted(tmp_path.iterdir()) == before


def test_a_mention_in_parts_is_lost_with_what_names_it(tmp_path: Path) -> None:
    document = make_document("a", "Balkh and Samangan provinces")
    mention = Mention(id="m1", type="LOC", spans=(Span(0, 5), Span(19, 28)))
    line = Annotations(document="a", sha256=document.sha256, mentions=(mention,))
    assert cas.write(tmp_path, [document], {"a": line}, cas.Options()) == {"discontinuous mentions": 1}


def test_characters_that_xml_has_not_are_refused_and_json_takes_them(tmp_path: Path) -> None:
    document = make_document("a", "a\x01b")
    layer = {"a": Annotations(document="a", sha256=document.sha256)}
    with pytest.raises(CorpusError, match="form=json"):
        cas.write(tmp_path, [document], layer, cas.Options())
    cas.write(tmp_path, [document], layer, cas.Options(form="json"))
    assert cas.read([tmp_path], cas.Options()).documents == [document]


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = written(tmp_path, "json")
    monkeypatch.setitem(__import__("sys").modules, "cassis", None)
    assert formats.recognises("cas", look(path))
    with pytest.raises(CorpusError, match="dkpro-cassis, which is not installed here"):
        cas.read([path], cas.Options())
