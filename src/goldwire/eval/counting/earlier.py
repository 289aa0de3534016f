"""Fingerprints as records of formats 1 to 3 have them: one hash over everything, in order of id.

Such records are still reported and gated beside the corpus that they were made from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from goldwire.corpora import digest
from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations
from goldwire.eval.counting.texts import Texts, iter_chunks


def of_texts(texts: Texts) -> str:
    """That of the texts, which are in order of id."""
    rows = [(row.id, row.sha256, [(e.start, e.end) for e in row.excluded]) for row in texts.rows]
    return _name(msgspec.json.encode(rows))


def of_layer(corpus: Corpus, name: str, texts: Texts) -> str:
    """That of the lines that a layer has for some texts."""
    found = [digest.content(line) for _, line in sorted(_lines(corpus, name, texts).items())]
    return _name(msgspec.json.Encoder().encode_lines(found).removesuffix(b"\n"))


def of_tokens(corpus: Corpus, name: str, texts: Texts) -> str | None:
    """That of the tokens beside these lines that are bound to them still; None if there are none."""
    path = corpus.tokens_path(name)
    kept = kept_tokens.by_document(kept_tokens.read(path)) if path.is_file() else {}
    fitting = [
        kept[id].bound
        for id, line in sorted(_lines(corpus, name, texts).items())
        if id in kept and kept_tokens.fits(kept[id], line)
    ]
    return _name("".join(fitting).encode()) if fitting else None


def _lines(corpus: Corpus, name: str, texts: Texts) -> Mapping[str, Annotations]:
    chunks = iter_chunks(corpus.layer_file(name), Annotations)
    return {line.document: line for chunk in chunks for line in chunk if line.document in texts.number}


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
