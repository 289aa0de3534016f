"""What goes to Label Studio and comes back is identical; what comes back broken is told, never lost."""

import functools
import json
import re
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.annotate.exchange import controls, frames, graph, importer, regions, results, tasks
from goldwire.annotate.exchange.controls import Controls
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.encodings import normalise
from goldwire.corpora.ontology import Ontology, RelationType
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Relation, Span, Spans
from goldwire.corpora.validate import annotation_faults


@functools.cache
def ontology() -> Ontology:
    conflict = ontologies.read("conflict")
    return msgspec.structs.replace(conflict, relations={"near": RelationType(), "target": RelationType()})


@functools.cache
def declared() -> Controls:
    return controls.of(ontology())


# Astral characters, emoji of several code points, combining marks, all kinds of space, quotes, a backslash
# and an n (what Label Studio writes for a line break).
ALPHABET = 'aB é€“’\u00a0\u200b\u2028\t\n\r\u0301\u0903😀👩🏽\u200d🚀𐍈\\n"<&'
texts = st.text(ALPHABET, min_size=4, max_size=60)
ids = st.text("abex12#:%/@ é😀~!-__", min_size=1, max_size=5)


@st.composite
def spans(draw: st.DrawFn, length: int) -> Spans:
    """One to three spans in text order, apart."""
    cuts = draw(st.lists(st.integers(0, length), min_size=2, max_size=6, unique=True).map(sorted))
    return tuple(Span(*pair) for pair in zip(cuts[::2], cuts[1::2], strict=False))


clusters = st.none() | st.sampled_from(["c1", "c2", "of Kabul"])
scores = st.none() | st.floats(0, 1)


@st.composite
def mentions(draw: st.DrawFn, length: int) -> Mention:
    where = draw(spans(length))
    around = draw(st.sampled_from(where))
    return Mention(
        id=draw(ids),
        type=draw(st.sampled_from([*ontology().entities])),
        spans=where,
        head=draw(st.sampled_from([None, around])),
        attributes=draw(st.sampled_from([{}, {"form": "name"}, {"form": "nominal"}])),
        cluster=draw(clusters),
        score=draw(scores),
    )


@st.composite
def events(draw: st.DrawFn, length: int, among: list[Mention]) -> Event:
    type = draw(st.sampled_from([*ontology().events]))
    possible = [
        (role, mention.id)
        for role in ontology().events[type].roles
        for mention in among
        if mention.type in ontology().fillers(type, role)
    ]
    chosen = draw(st.lists(st.sampled_from(possible), unique=True, max_size=4)) if possible else []
    names = ontology().attributes_of("event", type)
    attributes = {
        name: draw(st.sampled_from([*attribute.values]))
        for name, attribute in names.items()
        if draw(st.booleans())
    }
    return Event(
        id=draw(ids),
        type=type,
        trigger=draw(spans(length)),
        arguments=tuple(Argument(role=role, mention=id, score=draw(scores)) for role, id in chosen),
        attributes=attributes,
        cluster=draw(clusters),
        score=draw(scores),
    )


@st.composite
def relations(draw: st.DrawFn, among: list[Mention]) -> list[Relation]:
    ends = st.sampled_from([mention.id for mention in among])
    made = st.builds(
        Relation, id=ids, type=st.sampled_from(["near", "target"]), source=ends, target=ends, score=scores
    )
    return draw(st.lists(made, max_size=3, unique_by=lambda relation: relation.id)) if among else []


@st.composite
def annotated(draw: st.DrawFn, text: st.SearchStrategy[str] = texts) -> tuple[Document, Annotations]:
    document = make_document("d", draw(text))
    length = len(document.text)
    # Two mentions of one type on the same words are one for Label Studio's users, and for us.
    found = draw(
        st.lists(
            mentions(length),
            max_size=5,
            unique_by=(lambda mention: mention.id, lambda mention: (mention.type, mention.spans)),
        )
    )
    happened = draw(st.lists(events(length, found), max_size=4, unique_by=lambda event: event.id))
    annotations = Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(found),
        events=tuple(happened),
        relations=tuple(draw(relations(found))),
    )
    assert annotation_faults(annotations, document, ontology()) == []
    return document, annotations


def context(document: Document, layer: Annotations | None = None) -> importer.Context:
    return importer.Context(
        documents={document.id: document},
        controls=declared(),
        ontology=ontology(),
        layer=lambda _: {} if layer is None else {document.id: layer},
    )


def through_json(value: object) -> Any:
    return json.loads(json.dumps(value))


@given(annotated())
def test_predictions_bring_back_identical_annotations(both: tuple[Document, Annotations]) -> None:
    document, annotations = both
    encoded = tasks.encode([document], ontology(), prefill={"d": annotations}, version="gold@1")
    assert encoded.lost == {}
    imported = importer.decode(through_json(encoded.tasks), context(document))
    assert imported.rejected == ()
    assert imported.lost == {}
    (reading,) = imported.readings
    back = msgspec.structs.replace(reading.annotations, provenance=annotations.provenance)
    assert back == annotations


@given(ids, st.booleans(), st.integers(0, 12))
def test_ids_of_regions_are_safe_in_style_sheets_and_tell_the_item(id: str, event: bool, part: int) -> None:
    region = regions.region_id(id, event=event, part=part)
    assert re.fullmatch("[A-Za-z0-9_-]+", region)
    assert regions.item_id(region) == id


@given(annotated(), st.randoms())
def test_order_and_ways_of_drawing_do_not_matter(both: tuple[Document, Annotations], random: Random) -> None:
    """Shuffled results, arrows drawn the other way: the same content, though perhaps in another order."""
    document, annotations = both
    found = regions.encode(annotations, document.text)
    for result in found:
        if result["type"] == "relation" and result["labels"] != ["near"] and random.random() < 0.5:
            swapped = {"from_id": result["to_id"], "to_id": result["from_id"], "direction": "left"}
            result.update(swapped)
    random.shuffle(found)
    decoded = graph.decode(
        results.sort(found, document.text, declared()), document, declared(), ontology(), scores=True
    )
    assert decoded.rejected == ()

    def canonical(given: Annotations) -> object:
        return (
            {m.id: m for m in given.mentions},
            {e.id: (e.type, e.trigger, {*e.arguments}, e.attributes, e.cluster) for e in given.events},
            {r.id: r for r in given.relations},
        )

    assert canonical(decoded.annotations) == canonical(annotations)


@given(annotated())
def test_what_people_touch_keeps_no_score(both: tuple[Document, Annotations]) -> None:
    document, annotations = both
    found = results.sort(regions.encode(annotations, document.text), document.text, declared())
    decoded = graph.decode(found, document, declared(), ontology())
    back = decoded.annotations
    scores = [m.score for m in back.mentions] + [relation.score for relation in back.relations]
    scores += [score for event in back.events for score in (event.score, *(a.score for a in event.arguments))]
    assert {*scores} <= {None}


@given(annotated(st.text("ab😀\r\n", min_size=4, max_size=30).map(normalise)), st.randoms())
def test_offsets_in_a_text_with_other_line_ends_are_brought_over(
    both: tuple[Document, Annotations], random: Random
) -> None:
    """A project made by others holds the same text with CRLF or CR and a byte order mark: offsets move."""
    document, annotations = both
    other, places = "\ufeff", []
    for char in document.text:
        places.append(len(other))
        other += random.choice(["\n", "\r\n"]) if char == "\n" else char
    places.append(len(other))
    found = regions.encode(annotations, document.text)
    for result in found:
        if "value" in result:
            start, end = places[result["value"]["start"]], places[result["value"]["end"]]
            result["value"].update(start=start, end=end, text=other[start:end].replace("\r\n", "\\n"))
    task = {"data": {"text": other}, "predictions": [{"model_version": "x", "result": found}]}
    imported = importer.decode([task], context(document))
    assert imported.rejected == ()
    assert imported.readings[0].annotations.mentions == annotations.mentions
    assert imported.readings[0].annotations.events == annotations.events


@given(annotated())
def test_frames_bring_back_the_layer_they_were_made_of(both: tuple[Document, Annotations]) -> None:
    document, annotations = both
    encoded = frames.encode([document], ontology(), {"d": annotations}, "gold@1")
    exported = [
        {
            "id": number,
            "data": task["data"],
            "annotations": [{"completed_by": 7, "result": task["predictions"][0]["result"]}],
        }
        for number, task in enumerate(encoded.tasks)
    ]
    imported = importer.decode(through_json(exported), context(document, annotations))
    assert imported.rejected == ()
    if not annotations.events:
        assert imported.readings == ()
        return
    (reading,) = imported.readings
    assert reading.layer == "frames/7"
    assert reading.annotations.mentions == annotations.mentions
    assert [
        (e.id, e.type, e.trigger, e.attributes, {(a.role, a.mention) for a in e.arguments})
        for e in reading.annotations.events
    ] == [
        (e.id, e.type, e.trigger, e.attributes, {(a.role, a.mention) for a in e.arguments})
        for e in annotations.events
    ]


# ---------------------------------------------------------------- whatever a server sends

scalars = st.none() | st.booleans() | st.integers(-3, 70) | st.floats(allow_nan=False) | st.sampled_from(
    ["", "text", "entity", "trigger", "GPE", "Attack", "attacker", "same", "continued", "labels", "relation",
     "choices", "attribute-realis", "planned", "excluded", "r1", "r2"]
)  # fmt: skip
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
numbers = st.integers(-2, 70)
names = st.sampled_from(["r1", "r2", "r3", "r1__2"])
controls_named = st.sampled_from(["entity", "trigger", "nope", "excluded"])
labels = st.lists(st.sampled_from(["GPE", "MIL", "Attack", "Meet", "WHAT"]), max_size=3)
value = {"start": numbers | junk, "end": numbers | junk, "text": texts | junk, "labels": labels | junk}
ours = {"cluster": junk, "head": st.lists(numbers, max_size=3) | junk}
region_like = st.fixed_dictionaries(
    {"id": names | junk, "from_name": controls_named | junk, "type": st.just("labels")},
    optional={
        "to_name": st.just("text") | junk,
        "value": st.fixed_dictionaries({}, optional=value) | junk,
        "meta": st.fixed_dictionaries({"goldwire": st.fixed_dictionaries({}, optional=ours)}) | junk,
        "score": junk,
    },
)
chosen = st.lists(st.sampled_from(["planned", "siege", "name", "no"]), max_size=2)
choice_like = st.fixed_dictionaries(
    {
        "id": names,
        "from_name": st.sampled_from(["attribute-realis", "attribute-mode", "attribute-form"]),
        "type": st.just("choices"),
        "value": st.fixed_dictionaries({"choices": chosen | junk}) | junk,
    }
)
drawn = st.lists(st.sampled_from(["attacker", "same", "continued", "near", "place", "no"]), max_size=2)
arrow_like = st.fixed_dictionaries(
    {"type": st.just("relation"), "from_id": names | junk, "to_id": names | junk},
    optional={
        "direction": st.sampled_from(["left", "right", "bi", "up", None]),
        "labels": drawn | junk,
        "meta": junk,
    },
)


@pytest.mark.slow
@settings(max_examples=400)
@given(texts, st.lists(region_like | choice_like | arrow_like | junk, max_size=8) | junk)
def test_no_result_is_lost_without_a_word_and_what_is_taken_is_sound(text: str, found: object) -> None:
    document = make_document("d", text)
    task = {
        "id": 1,
        "data": tasks.data(document),
        "annotations": [{"id": 2, "completed_by": 3, "result": found}],
    }
    imported = importer.decode([task], context(document))
    (reading,) = imported.readings
    assert annotation_faults(reading.annotations, document, ontology()) == []
    if not isinstance(found, list):
        assert [item.kind for item in imported.rejected] == ["malformed"]
        return
    told = {i for i in range(len(found)) if results.place(i) in {item.path for item in imported.rejected}}
    taken = (
        len(reading.annotations.mentions)
        + len(reading.annotations.events)
        + len(reading.annotations.relations)
    )
    taken += sum(len(e.arguments) + len(e.attributes) for e in reading.annotations.events)
    taken += sum(len(m.attributes) for m in reading.annotations.mentions)
    quiet = [index for index in range(len(found)) if index not in told]
    arrows = [
        index for index in quiet
        if isinstance(found[index], dict) and {"same", "continued"} & {*(found[index].get("labels") or [])}
    ]  # fmt: skip
    marks = [index for index in quiet if found[index].get("from_name") == "excluded"]
    parts = sum(len(m.spans) - 1 for m in reading.annotations.mentions)
    parts += sum(len(e.trigger) - 1 for e in reading.annotations.events)
    assert len(quiet) <= taken + parts + len(arrows) + len(marks) + sum(imported.lost.values())


@given(st.lists(junk, max_size=4) | junk)
def test_junk_in_place_of_tasks_is_told_task_by_task(found: object) -> None:
    document = make_document("d", "Herat fell.")
    exported = found if isinstance(found, list) else [found]
    imported = importer.decode(exported, context(document))
    assert imported.readings == ()
    assert len(imported.rejected) >= len(exported)
