"""What a format holds comes back from it, whatever the text: astral characters, marks, CR, odd spaces."""

import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from goldwire.corpora.encodings import normalise
from goldwire.corpora.formats import brat, cas, conll, native, tbf
from goldwire.corpora.offsets import hash_text, surface
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Relation, Span, Spans

few = settings(max_examples=50)  # every example writes files, and waits for the disk
CHARACTERS = "ab Z9.,’-#=\t\n\n\n \xa0\u2028\u0301😀𐍈مـ\u200d"
labels = st.text("AB-:;_ä", min_size=1, max_size=4)
texts = st.text(CHARACTERS, min_size=1, max_size=40).filter(str.strip)


@st.composite
def span_lists(draw: st.DrawFn, text: str, most: int = 3) -> Spans:
    ends = draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=2 * most, unique=True).map(sorted))
    return tuple(Span(a, b) for a, b in zip(ends[::2], ends[1::2], strict=False))


@st.composite
def documents(draw: st.DrawFn) -> tuple[Document, Annotations]:
    """A text with anything that may be annotated in it."""
    text = draw(texts)
    document = Document(id="doc 1", text=text, sha256=hash_text(text))
    count = draw(st.integers(0, 4))
    clusters = st.none() | st.sampled_from(["c1", "c2"])
    values = st.dictionaries(labels, labels, max_size=2)
    mentions = tuple(
        Mention(
            id=f"m{i}",
            type=draw(labels),
            spans=draw(span_lists(text)),
            attributes=draw(values),
            cluster=draw(clusters),
        )
        for i in range(count)
    )
    ids = st.sampled_from([mention.id for mention in mentions]) if mentions else st.nothing()
    arguments = st.lists(st.builds(Argument, role=labels, mention=ids), max_size=3).map(tuple)
    events = tuple(
        Event(
            id=f"e{i}", type=draw(labels), trigger=draw(span_lists(text)),
            arguments=draw(arguments) if mentions else (), attributes=draw(values), cluster=draw(clusters),
        )
        for i in range(draw(st.integers(0, 3)))
    )  # fmt: skip
    relations = tuple(
        Relation(id=f"r{i}", type=draw(labels), source=draw(ids), target=draw(ids))
        for i in range(draw(st.integers(0, 2)) if mentions else 0)
    )
    annotations = Annotations(
        document=document.id, sha256=document.sha256, mentions=mentions, events=events, relations=relations
    )
    return document, annotations


def partition(units: Sequence[Mention | Event]) -> set[frozenset[int]]:
    """The clusters of two or more as sets of places in the list, whatever they are called."""
    groups: dict[str, set[int]] = {}
    for i, unit in enumerate(units):
        if unit.cluster is not None:
            groups.setdefault(unit.cluster, set()).add(i)
    return {frozenset(group) for group in groups.values() if len(group) > 1}


def linked(annotations: Annotations) -> list[object]:
    """Events and relations with places of mentions in the list for their ids."""
    place = {mention.id: i for i, mention in enumerate(annotations.mentions)}
    return [
        (e.type, e.trigger, e.attributes, [(a.role, place[a.mention]) for a in e.arguments])
        for e in annotations.events
    ] + [(r.type, place[r.source], place[r.target]) for r in annotations.relations]


def without_gaps(annotations: Annotations, text: str) -> Annotations:
    """As brat reads it: parts of which nothing but white space is between are one."""

    def whole(spans: Spans) -> Spans:
        kept = [spans[0], *(b for a, b in pairwise(spans) if text[a.end : b.start].strip())]
        ends = [*(a.end for a, b in pairwise(spans) if text[a.end : b.start].strip()), spans[-1].end]
        return tuple(Span(first.start, end) for first, end in zip(kept, ends, strict=True))

    return msgspec.structs.replace(
        annotations,
        mentions=tuple(msgspec.structs.replace(m, spans=whole(m.spans)) for m in annotations.mentions),
        events=tuple(msgspec.structs.replace(e, trigger=whole(e.trigger)) for e in annotations.events),
    )


def gaps(before: Annotations, after: Annotations) -> int:
    """How many mentions and triggers have fewer parts than before."""
    mentions = zip(before.mentions, after.mentions, strict=True)
    events = zip(before.events, after.events, strict=True)
    return sum(a.spans != b.spans for a, b in mentions) + sum(a.trigger != b.trigger for a, b in events)


@few
@given(documents())
def test_brat_gives_back_everything_but_names(given_: tuple[Document, Annotations]) -> None:
    document, annotations = given_
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lost = brat.write(folder, [document], {document.id: annotations}, brat.Options())
        reading = brat.read([folder], brat.Options(), [document])
    assert not any(item.rejected for item in reading.annotations)
    assert reading.loss == {}
    (back,) = reading.annotations
    whole = without_gaps(annotations, document.text)
    assert lost.get("gaps of white space alone", 0) == gaps(annotations, whole)
    plain = [(m.type, m.spans, m.attributes) for m in whole.mentions]
    assert [(m.type, m.spans, m.attributes) for m in back.mentions] == plain
    assert linked(back) == linked(whole)
    assert partition(back.mentions) == partition(annotations.mentions)
    assert partition(back.events) == partition(annotations.events)


@few
@given(documents())
def test_brat_makes_the_same_texts(given_: tuple[Document, Annotations]) -> None:
    document, annotations = given_
    with tempfile.TemporaryDirectory() as name:
        brat.write(Path(name), [document], {document.id: annotations}, brat.Options())
        reading = brat.read([Path(name)], brat.Options())
    assert reading.documents == [document]


@few
@given(st.text(CHARACTERS + "\r", min_size=1).filter(str.strip), st.data())
def test_brat_offsets_in_files_with_any_line_ends_give_the_same_words(raw: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.lists(st.integers(0, len(raw)), min_size=2, max_size=2, unique=True)))
    assume(all(raw[cut - 1 : cut + 1] != "\r\n" for cut in (start, end) if cut))  # half a line end is nothing
    covered = raw[start:end].replace("\r", " ").replace("\n", " ").replace("\t", " ").replace("\u2028", " ")
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "a.txt").write_bytes(raw.encode())
        (Path(name) / "a.ann").write_bytes(f"T1\tX {start} {end}\t{covered}\n".encode())
        reading = brat.read([Path(name)], brat.Options())
    assert not any(item.rejected for item in reading.annotations)
    (mention,) = reading.annotations[0].mentions
    text = reading.documents[0].text
    assert surface(text, mention.spans) == normalise(raw[start:end])


@few
@given(documents(), st.sampled_from(["IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"]))
def test_conll_gives_back_flat_mentions_and_counts_the_rest(
    given_: tuple[Document, Annotations], scheme: str
) -> None:
    document, annotations = given_
    layer = msgspec.structs.replace(annotations, events=(), relations=())
    options = conll.Options(scheme=scheme)  # type: ignore[arg-type]  # drawn from the literals
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.conll"
        loss = conll.write(path, [document], {document.id: layer}, options)
        reading = conll.read([path], options, [document])
    (back,) = reading.annotations
    wanted = {(m.type, m.spans) for m in layer.mentions}
    assert {(m.type, m.spans) for m in back.mentions} <= wanted
    kinds = ("discontinuous mentions", "overlapping mentions", "mentions that begin or end in white space")
    lost = sum(loss.get(kind, 0) for kind in (*kinds, "mentions over line breaks"))
    assert len(back.mentions) + lost == len(layer.mentions)


@few
@given(documents())
def test_tbf_gives_back_triggers_types_realis_and_clusters(given_: tuple[Document, Annotations]) -> None:
    document, annotations = given_
    realis = ("actual", "generic", "other")
    events = tuple(
        msgspec.structs.replace(event, attributes={"realis": realis[i % 3]}, arguments=())
        for i, event in enumerate(annotations.events)
    )
    layer = msgspec.structs.replace(annotations, events=events)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.tbf"
        tbf.write(path, [document], {document.id: layer}, tbf.Options())
        reading = tbf.read([path], tbf.Options(), [document])
    assert not any(item.rejected for item in reading.annotations)
    (back,) = reading.annotations
    plain = [(e.type, e.trigger, e.attributes) for e in events]
    assert [(e.type, e.trigger, e.attributes) for e in back.events] == plain
    if len({event.trigger for event in events}) == len(events):
        assert partition(back.events) == partition(events)


def plainly(line: Annotations) -> list[object]:
    """What CAS can hold: units of one span with what names them by place and type, in any order."""
    mentions = {m.id: m for m in line.mentions if len(m.spans) == 1}
    first: dict[object, str] = {}
    for id, mention in mentions.items():
        first.setdefault((mention.spans, mention.type), id)
    alone = set(first.values())
    place = {id: (m.spans, m.type) for id, m in mentions.items()}
    clusters: dict[str, list[object]] = {}
    for id in sorted(alone):
        if (cluster := mentions[id].cluster) is not None:
            clusters.setdefault(cluster, []).append(place[id])
    found: list[object] = [sorted((*place[id], sorted(mentions[id].attributes.items())) for id in mentions)]
    found.append(sorted(sorted(group) for group in clusters.values()))  # type: ignore[type-var]
    found.append(
        sorted(
            (e.trigger, e.type, e.cluster or "", sorted(e.attributes.items()),
             sorted((a.role, place[a.mention]) for a in e.arguments if a.mention in alone))
            for e in line.events if len(e.trigger) == 1
        )
    )  # fmt: skip
    ends = [(r.type, r.source, r.target) for r in line.relations]
    found.append(sorted((t, place[a], place[b]) for t, a, b in ends if a in place and b in place))
    return found


@few
@given(documents(), st.sampled_from(["xmi", "json"]))
def test_cas_gives_back_all_but_parts_and_odd_attributes(
    given_: tuple[Document, Annotations], form: str
) -> None:
    document, annotations = given_
    named = {"Grade": 'ä<&"😀', "x1": "b"}  # names as Java has them
    layer = msgspec.structs.replace(
        annotations,
        mentions=tuple(msgspec.structs.replace(m, attributes=named) for m in annotations.mentions),
        events=tuple(msgspec.structs.replace(e, attributes=named) for e in annotations.events),
    )
    options = cas.Options(form=form)  # type: ignore[arg-type]  # drawn from the literals
    with tempfile.TemporaryDirectory() as name:
        loss = cas.write(Path(name), [document], {document.id: layer}, options)
        reading = cas.read([Path(name)], options)
    assert reading.documents == [document]
    assert not any(item.rejected for item in reading.annotations)
    assert reading.loss == {}
    (back,) = reading.annotations
    assert plainly(back) == plainly(layer)
    assert loss.get("discontinuous mentions", 0) == len(layer.mentions) - len(back.mentions)
    assert loss.get("events with a trigger in parts", 0) == len(layer.events) - len(back.events)
    assert loss.get("relations of lost mentions", 0) == len(layer.relations) - len(back.relations)
    assert loss.get("attributes", 0) == 2 * (
        len(layer.mentions) - len(back.mentions) + len(layer.events) - len(back.events)
    )


@few
@given(documents())
def test_own_form_gives_back_the_layer(given_: tuple[Document, Annotations]) -> None:
    document, annotations = given_
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "x.jsonl"
        assert native.write(path, [document], {document.id: annotations}, native.Options()) == {}
        assert native.read([path], native.Options(), [document]).annotations == [annotations]
