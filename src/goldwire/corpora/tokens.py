"""Tokens kept beside a layer: those of its files, with their raw tags if any, in `tokens/NAME.jsonl`.

Spans are what counts, and the layer has them. But how many tokens there are, where a sentence ends and what
an invalid tag was cannot be told from spans. Measures of tokens, suites that name a policy for tags, and
exports read it here; nothing else does.

A line is bound to the line of the layer that it came with, by a hash over both. If either is changed, the
tokens are passed over as if they had not been kept; whoever changes a layer takes such lines away first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import encode_lines, read_lines
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.types import Annotations, Tokens

UNTAGGED = "none"  # the scheme of tokens that came without tags
TOKENS = "tokens"  # the folder, beside that of the layers
_json = msgspec.json.Encoder().encode
DIGITS = 16  # of the hash: against chance, not against forgers


def path_of(corpus: Path, layer: str) -> Path:
    """Where the tokens of a layer are or would be."""
    return corpus / TOKENS / f"{layer}.jsonl"


# ---------------------------------------------------------------- bound to a layer
Offsets = Sequence[int]


def keep(
    line: Annotations, starts: Offsets, ends: Offsets, tags: Sequence[str], scheme: str, *, whole: bool = True
) -> Tokens:
    """Tokens of a line, bound to it: from now on neither may be changed (see `Tokens`)."""
    bound = _bond(line, starts, ends, tags, scheme, whole)
    return Tokens(
        document=line.document,
        sha256=line.sha256,
        starts=tuple(starts),
        ends=tuple(ends),
        tags=tuple(tags),
        scheme=scheme,
        whole=whole,
        bound=bound,
    )


def untagged(line: Annotations, starts: Offsets, ends: Offsets, sentences: Iterable[int]) -> Tokens:
    """Tokens that came without tags, bound to a line; `sentences` are the numbers of tokens in each."""
    blank = ["\t" * (length - 1) for length in sentences]
    return keep(line, starts, ends, blank, UNTAGGED, whole=False)


def fits(tokens: Tokens, line: Annotations) -> bool:
    """Whether neither tokens nor mentions were changed since they were bound to each other."""
    same = tokens.document == line.document and tokens.sha256 == line.sha256
    content = tokens.starts, tokens.ends, tokens.tags, tokens.scheme, tokens.whole
    return same and tokens.bound == _bond(line, *content)


def _bond(line: Annotations, *content: Any) -> str:
    mentions = [(mention.type, mention.spans) for mention in line.mentions]
    if len(mentions) > 1:
        mentions.sort()
    return hashlib.sha256(_json((line.sha256, mentions, content))).hexdigest()[:DIGITS]


def by_document(kept: Sequence[Tokens]) -> dict[str, Tokens]:
    """Tokens by document; of a document that is there twice, none."""
    found = {item.document: item for item in kept}
    if len(found) < len(kept):
        times = Counter(item.document for item in kept)
        return {id: item for id, item in found.items() if times[id] == 1}
    return found


def believed(kept: Sequence[Tokens], layer: Mapping[str, Annotations]) -> dict[str, Tokens]:
    """Those tokens that belong to the layer as it is, by document."""
    return {id: item for id, item in by_document(kept).items() if id in layer and fits(item, layer[id])}


def sentences(tokens: Tokens) -> Iterator[tuple[slice, list[str]]]:
    """Where each sentence is among the tokens, and its tags."""
    first = 0
    for line in tokens.tags:
        tags = line.split("\t")
        yield slice(first, first + len(tags)), tags
        first += len(tags)


# ---------------------------------------------------------------- files
def read(path: Path) -> list[Tokens]:
    """The tokens of a file, bound or not; none if there is none. `DataError` if it is no such file."""
    if not path.is_file():
        return []
    try:
        return read_lines(path, Tokens)
    except DataError as error:
        raise unreadable(path, error) from error


def encode(kept: Iterable[Tokens]) -> bytes:
    """The tokens of a layer as they are on disk: a line for each document, in order of id."""
    return encode_lines(sorted(kept, key=lambda item: item.document))


def write(path: Path, kept: Iterable[Tokens]) -> None:
    """Replace the tokens of a layer; without any there is no file."""
    if content := encode(kept):
        write_atomic(path, content)
    else:
        path.unlink(missing_ok=True)


def unreadable(path: Path, error: DataError) -> DataError:
    """What is raised of a file with lines that are no tokens, and what to do about it."""
    way = f"import the layer again, or take {path} away: spans are scored without it"
    return DataError(f"{path}: cannot be read as tokens; {way}", error.faults)


def outdated(path: Path, lines: Iterable[Annotations]) -> tuple[Tokens, ...] | None:
    """What is to stay of a file when its layer becomes `lines`; None if the file can stay as it is.

    One that cannot be read is left to `corpus validate`: nothing in it is ever believed.
    """
    try:
        kept = read(path)
    except DataError:
        return None
    staying = believed(kept, {line.document: line for line in lines}) if kept else {}
    return tuple(staying.values()) if len(staying) < len(kept) else None


def faults(kept: Iterable[Tokens], layer: Mapping[str, Annotations]) -> list[Fault]:
    """What keeps tokens from being believed: each line must be of a line of the layer as it is, once."""
    found, seen = [], set()
    for item in kept:
        line = layer.get(item.document)
        if item.document in seen:
            found.append(Fault(item.document, "$.document", "occurs twice among the tokens"))
        elif line is None:
            found.append(Fault(item.document, "$.document", "the layer has no line for these tokens"))
        elif not fits(item, line):
            message = "the tokens or the layer were changed since: they are not used; import the layer again"
            found.append(Fault(item.document, "$.bound", message))
        seen.add(item.document)
    return found
