"""What other tools' files hold comes back from them: nested, discontinuous, emoji, several sentences.

Each format is held to its own words: what it does not keep is counted, and the rest is the same.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpora import formats
from goldwire.corpora.formats import Reading
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Relation, Span, Spans

few = settings(max_examples=40)  # every example writes files, and waits for the disk
CHARACTERS = "ab Z9.,’-#\t\n\n \xa0\u2028\u0301😀𐍈مـ\u200d"
labels = st.sampled_from(["PER", "LOC", "creative-work"])
texts = st.text(CHARACTERS, min_size=1, max_size=40).filter(str.strip)


@st.composite
def spans(draw: st.DrawFn, text: str) -> Spans:
    """One span, seldom two."""
    most = draw(st.sampled_from([2, 2, 2, 4]))
    ends = draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=most, unique=True).map(sorted))
    return tuple(Span(a, b) for a, b in zip(ends[::2], ends[1::2], strict=False))


@st.composite
def annotated(draw: st.DrawFn, number: int) -> tuple[Document, Annotations]:
    text = draw(texts)
    document = Document(id=f"d{number}", text=text, sha256=hash_text(text))
    clusters = st.sampled_from([None, "c1", "c2"])
    mentions = tuple(
        Mention(id=f"m{i}", type=draw(labels), spans=draw(spans(text)), cluster=draw(clusters))
        for i in range(draw(st.integers(0, 5)))
    )
    ids = st.sampled_from([mention.id for mention in mentions]) if mentions else st.nothing()
    ends = st.lists(st.tuples(ids, ids), max_size=3 if mentions else 0)
    relations = tuple(
        Relation(id=f"r{i}", type="of", source=a, target=b) for i, (a, b) in enumerate(draw(ends))
    )
    roles = st.lists(st.builds(Argument, role=labels, mention=ids), max_size=2 if mentions else 0)
    events = tuple(
        Event(id=f"e{i}", type=draw(labels), trigger=draw(spans(text)), arguments=tuple(draw(roles)))
        for i in range(draw(st.integers(0, 2)))
    )
    line = Annotations(
        document=document.id, sha256=document.sha256, mentions=mentions, events=events, relations=relations
    )
    return document, line


@st.composite
def layers(draw: st.DrawFn) -> list[tuple[Document, Annotations]]:
    return [draw(annotated(number)) for number in range(draw(st.integers(1, 3)))]


Layer = list[tuple[Document, Annotations]]


def passed(
    name: str, layer: Layer, *, anew: bool = False, suffix: str = "", **options: str
) -> tuple[Reading, dict[str, int]]:
    """A layer written to a file of a format and read again: into its corpus, or `anew`; and what was lost."""
    chosen, format = formats.options(name, options), formats.load(name)
    documents = [document for document, _ in layer]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        loss = format.write(path, documents, {line.document: line for _, line in layer}, chosen)
        reading = format.read([path], chosen, None if anew else documents)
    assert not reading.quarantined
    assert not any(line.rejected for line in reading.annotations)
    assert len(reading.annotations) == len(layer)
    return reading, loss


def lost(loss: dict[str, int], *kinds: str) -> int:
    return sum(loss.get(kind, 0) for kind in kinds)


def plain(mentions: Iterable[Mention]) -> Counter[Any]:
    return Counter((mention.type, mention.spans) for mention in mentions)


def in_words(mention: Mention, text: str) -> bool:
    words = text[mention.spans[0].start : mention.spans[-1].end]
    return words == words.strip()


def single(mentions: Iterable[Mention]) -> list[Mention]:
    return [mention for mention in mentions if len(mention.spans) == 1]


def by_id(reading: Reading) -> dict[str, Annotations]:
    return {line.document: line for line in reading.annotations}


def linked(line: Annotations, kept: Sequence[Mention]) -> Counter[Any]:
    """Relations by the places of their ends, those of mentions that are kept."""
    place = {mention.id: mention.spans for mention in kept}
    return Counter(
        (x.type, place[x.source], place[x.target])
        for x in line.relations
        if x.source in place and x.target in place
    )


@few
@given(layers(), st.sampled_from(["doccano", "prodigy"]), st.booleans())
def test_tools_of_annotators_keep_mentions_and_relations(layer: Layer, name: str, anew: bool) -> None:
    if anew:  # by id: one of two equal texts would be another line of the same to Prodigy
        layer = list({document.text: (document, line) for document, line in layer}.values())
    if name == "prodigy":
        layer = layer[:1]
    reading, loss = passed(name, layer, anew=anew)
    assert not anew or reading.documents == [document for document, _ in layer]
    for document, line in layer:
        back, kept = by_id(reading)[document.id], single(line.mentions)
        assert plain(back.mentions) == plain(kept)
        assert linked(back, back.mentions) == linked(line, kept)
    lines = [line for _, line in layer]
    assert lost(loss, "discontinuous mentions") == sum(
        len(line.mentions) - len(single(line.mentions)) for line in lines
    )
    assert lost(loss, "events") == sum(len(line.events) for line in lines)


@pytest.mark.slow
@few
@given(layers())
def test_tables_of_spans_keep_every_mention_of_one_part(layer: Layer) -> None:
    for suffix in (".jsonl", ".parquet"):
        reading, _ = passed("huggingface", layer, anew=True, suffix=suffix, form="spans", spans="spans")
        assert reading.documents == [document for document, _ in layer]
        for document, line in layer:
            assert plain(by_id(reading)[document.id].mentions) == plain(single(line.mentions))


@few
@given(layers())
def test_gliner_keeps_mentions_that_begin_and_end_in_words(layer: Layer) -> None:
    reading, loss = passed("gliner", layer)
    for document, line in layer:
        kept = [mention for mention in single(line.mentions) if in_words(mention, document.text)]
        backs = (other for other in reading.annotations if other.sha256 == document.sha256)
        assert any(plain(back.mentions) == plain(kept) for back in backs)
    total = sum(len(line.mentions) for _, line in layer)
    kinds = ("discontinuous mentions", "mentions that begin or end in white space")
    assert sum(len(line.mentions) for line in reading.annotations) == total - lost(loss, *kinds)


@few
@given(layers())
def test_dygie_keeps_what_stays_in_its_sentence(layer: Layer) -> None:
    reading, loss = passed("dygie", layer)
    for document, line in layer:
        text, back = document.text, by_id(reading)[document.id]
        kept = [
            mention for mention in single(line.mentions)
            if in_words(mention, text) and "\n" not in text[slice(*mention.spans[0])]
        ]  # fmt: skip
        assert plain(back.mentions) == plain(kept)
        clusters = {(m.type, m.spans, m.cluster is None) for m in back.mentions}
        in_cluster = {mention.spans for mention in kept if mention.cluster}
        assert clusters == {(m.type, m.spans, m.spans not in in_cluster) for m in kept}
        lines = [text.count("\n", 0, place) for place in range(len(text))]
        within = Counter({
            link: times for link, times in linked(line, kept).items()
            if lines[link[1][0].start] == lines[link[2][0].start]
        })  # fmt: skip
        assert linked(back, back.mentions) == within
        for event in back.events:
            assert (event.type, event.trigger) in {(e.type, e.trigger) for e in line.events}
    events = sum(len(line.events) for _, line in layer)
    back_events = sum(len(line.events) for line in reading.annotations)
    assert back_events == events - lost(loss, "events with a trigger that is not one word")


@few
@given(layers(), st.sampled_from(["spacy-train", "tags.jsonl", "tags.parquet", "ents"]))
def test_formats_of_flat_mentions_keep_the_longest_and_count_the_rest(layer: Layer, form: str) -> None:
    if form == "ents":
        reading, loss = passed("spacy", layer, spans="ents")
    elif form == "spacy-train":
        reading, loss = passed(form, layer)
    else:
        reading, loss = passed("huggingface", layer, suffix=form.removeprefix("tags"))
    total = sum(len(line.mentions) for _, line in layer)
    kinds = ("discontinuous mentions", "overlapping mentions", "mentions that begin or end in white space")
    back = [mention for line in reading.annotations for mention in line.mentions]
    assert len(back) == total - lost(loss, *kinds)
    assert plain(back) <= plain(mention for _, line in layer for mention in line.mentions)
    for line in reading.annotations:
        places = sorted(mention.spans[0] for mention in line.mentions)
        assert all(a.end <= b.start for a, b in pairwise(places))


@few
@given(layers(), st.booleans())
def test_docbin_keeps_mentions_as_entities_or_where_they_overlap_as_a_group(layer: Layer, anew: bool) -> None:
    pytest.importorskip("spacy")
    reading, _ = passed("spacy", layer, anew=anew)
    assert not anew or reading.documents == [document for document, _ in layer]
    for document, line in layer:
        kept = [mention for mention in single(line.mentions) if in_words(mention, document.text)]
        assert plain(by_id(reading)[document.id].mentions) == plain(kept)


WAYS = {
    "doccano": {}, "prodigy": {}, "gliner": {}, "dygie": {}, "spacy-train": {}, "spacy": {},
    "huggingface": {}, "huggingface spans": {"form": "spans"},
}  # fmt: skip
LOST = (
    "discontinuous mentions", "overlapping mentions", "mentions that begin or end in white space",
    "mentions over line breaks",
)  # fmt: skip


def thousand() -> Layer:
    """Texts of several sentences with emoji; mentions nested, in parts, and with odd borders."""
    dice, made = Random(7), []
    for number in range(1000):
        words = dice.choices(["Herat", "Ann-Lee", "fell.", "😀", "مدينة", "e\u0301", "\n", " ", "“so”"], k=20)
        text = f"{number} {' '.join(words)}"
        document = Document(id=f"d{number:04}", text=text, sha256=hash_text(text))
        mentions = []
        for place in range(dice.randrange(6)):
            ends = sorted(dice.sample(range(len(text) + 1), 2 if dice.random() < 0.8 else 4))
            spans = tuple(Span(a, b) for a, b in zip(ends[::2], ends[1::2], strict=True))
            mentions.append(Mention(id=f"m{place}", type=dice.choice("XYZ"), spans=spans))
        line = Annotations(document=document.id, sha256=document.sha256, mentions=tuple(mentions))
        made.append((document, line))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_thousand_documents_are_the_same_but_for_what_is_told(way: str) -> None:
    if way == "spacy":
        pytest.importorskip("spacy")
    layer = thousand()
    options = {"spans": "spans", **WAYS[way]} if WAYS[way] else {}
    reading, loss = passed(way.partition(" ")[0], layer, **options)
    back = by_id(reading)
    assert sum(len(line.mentions) for line in back.values()) == sum(
        len(line.mentions) for _, line in layer
    ) - lost(loss, *LOST)
    for document, line in layer:
        assert plain(back[document.id].mentions) <= plain(line.mentions)
