"""A layer as tokens with tags: what `conll` writes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.formats import loss, tags
from goldwire.corpora.formats.layout import Options
from goldwire.corpora.offsets import tokens
from goldwire.corpora.tokens import sentences
from goldwire.corpora.types import Annotations, Document, Mention, Span, Tokens

_SPACE = re.compile(r"\s")


def write(
    path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Options
) -> dict[str, int]:
    """See `Format.write`. Token and tag, parted by a tab; the scheme is IOB2 unless `options` name one."""
    return write_kept(path, documents, layer, options, {})


def write_kept(
    path: Path,
    documents: Iterable[Document],
    layer: Mapping[str, Annotations],
    options: Options,
    tokens: Mapping[str, Tokens],
) -> dict[str, int]:
    """See `write`. Documents with `tokens` are written with those, and with the tags they came in with
    unless `options` name a scheme or the layer has less than the tags say.
    """
    scheme: tags.Scheme = "IOB2" if options.scheme == "auto" else options.scheme
    lost = loss.count(layer.values())
    lines: list[str] = []
    for document in documents:
        kept = tokens.get(document.id)
        lines.append(f"# newdoc id = {document.id}\n")
        if kept is not None and kept.whole and options.scheme == "auto":
            lines += _as_it_came(document, kept)
        else:
            mentions = _flat(layer[document.id].mentions, document.text, lost)
            lines += _sentences(document, mentions, scheme, lost, kept)
    write_atomic(path, "".join(lines).encode("utf-8"))
    return loss.report(lost)


def _as_it_came(document: Document, kept: Tokens) -> Iterator[str]:
    """The lines of a document with its own tokens and tags."""
    text, starts, ends = document.text, kept.starts, kept.ends
    for place, given in sentences(kept):
        yield _heading(text[starts[place.start] : ends[place.stop - 1]])
        words = map(text.__getitem__, map(slice, starts[place], ends[place]))
        yield "\n".join(map("\t".join, zip(words, given, strict=True)))
        yield "\n\n"


def _heading(text: str) -> str:
    """The comment with the text of a sentence; one that goes over a line break gets a space for it."""
    return "# text = " + text.replace("\n", " ") + "\n"


def _flat(mentions: Iterable[Mention], text: str, lost: Counter[str]) -> list[tuple[Span, str]]:
    """Mentions of one span in one line that do not overlap, the longest first to be kept, in text order."""
    kept: list[tuple[Span, str]] = []
    taken: set[int] = set()
    for mention in sorted(mentions, key=lambda m: (m.spans[0].start - m.spans[-1].end, m.spans, m.type)):
        covered = range(mention.spans[0].start, mention.spans[0].end)
        if len(mention.spans) > 1:
            lost["discontinuous mentions"] += 1
        elif "\n" in text[covered.start : covered.stop]:
            lost["mentions over line breaks"] += 1
        elif not taken.isdisjoint(covered):
            lost["overlapping mentions"] += 1
        else:
            taken.update(covered)
            kept.append((mention.spans[0], _SPACE.sub("_", mention.type)))
            lost["labels with white space"] += kept[-1][1] != mention.type
    return sorted(kept)


def _sentences(
    document: Document,
    mentions: list[tuple[Span, str]],
    scheme: tags.Scheme,
    lost: Counter[str],
    kept: Tokens | None,
) -> Iterator[str]:
    """The lines of a document: the sentences it came in, or one for each line of its text that has words."""
    edges = {edge for span, _ in mentions for edge in span}
    found = tokens(document.text) if kept is None else list(map(Span, kept.starts, kept.ends))
    words = [word for token in found for word in _cut(token, edges)]
    begins = {word.start: i for i, word in enumerate(words)}
    ends = {word.end: i + 1 for i, word in enumerate(words)}
    chunks = [(begins.get(s.start), ends.get(s.end), type) for s, type in mentions]
    reached = 0
    place = 0
    for start, end in _line_spans(document.text) if kept is None else _sentence_spans(kept):
        first = place
        while place < len(words) and words[place].start < end:
            place += 1
        if first == place:
            continue
        here = [
            (b - first, e - first, type)
            for b, e, type in chunks
            if b is not None and e is not None and first <= b < e <= place
        ]
        reached += len(here)
        yield _heading(document.text[start:end])
        for word, tag in zip(words[first:place], _encoded(here, place - first, scheme, lost), strict=True):
            yield f"{document.text[word.start : word.end]}\t{tag}\n"
        yield "\n"
    where = "begin or end in white space" if kept is None else "are not tokens of one sentence"
    lost[f"mentions that {where}"] += len(chunks) - reached


def _sentence_spans(kept: Tokens) -> Iterator[tuple[int, int]]:
    for place, _ in sentences(kept):
        yield kept.starts[place.start], kept.ends[place.stop - 1]


def _cut(token: Span, edges: set[int]) -> Iterator[Span]:
    """A token, parted where a mention begins or ends inside it."""
    cuts = [token.start, *(i for i in range(token.start + 1, token.end) if i in edges), token.end]
    return (Span(a, b) for a, b in pairwise(cuts))


def _line_spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _encoded(found: list[tags.Chunk], length: int, scheme: tags.Scheme, lost: Counter[str]) -> list[str]:
    try:
        return tags.encode(found, length, scheme)
    except ValueError:
        # Only IO fails here: what touches becomes one mention.
        found = sorted(found)
        lost["borders between touching mentions"] += sum(a[1:] == (b[0], b[2]) for a, b in pairwise(found))
        marked = ["O"] * length
        for start, end, type in found:
            marked[start:end] = [f"I-{type}"] * (end - start)
        return marked
