"""Tag sequences as documents and layers, so that other scorers and ours see the same data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from goldwire.corpora.formats.tags import decode
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Document, Mention, Span

WIDTH = 3  # characters of a token: two letters and a space


@pytest.fixture(scope="session")
def spans_to_layers() -> Callable[..., tuple[list[Document], list[Annotations], list[Annotations]]]:
    """Documents of so many tokens, and layers from (first token, token after the last, type) triples."""

    def convert(lengths: Sequence[int], *sides: Sequence[Sequence[tuple[int, int, str]]]):  # type: ignore[no-untyped-def]
        documents = [make_document(f"d{i:06}", "ab " * n) for i, n in enumerate(lengths)]
        return documents, *(
            [layer_line(document, spans) for document, spans in zip(documents, side, strict=True)]
            for side in sides
        )

    return convert


@pytest.fixture(scope="session")
def tokens_to_layers() -> Callable[..., tuple[list[Document], list[Annotations], list[Annotations]]]:
    """Documents and two layers from (start, end, type) triples, in which a token is one character."""

    def convert(*sides: Sequence[Sequence[tuple[int, int, str]]]):  # type: ignore[no-untyped-def]
        documents = [make_document(f"d{i:06}", "abcdefghij" * 3) for i in range(len(sides[0]))]
        return documents, *(
            [layer_line(document, spans, 1, 0) for document, spans in zip(documents, side, strict=True)]
            for side in sides
        )

    return convert


@pytest.fixture(scope="session")
def tags_to_layers(spans_to_layers):  # type: ignore[no-untyped-def]
    """Documents and two layers from tag sequences, decoded by a scheme and a policy for invalid tags."""

    def convert(gold, system, scheme="IOB2", policy="conlleval"):  # type: ignore[no-untyped-def]
        sides = ([decode(tags, scheme, policy) for tags in side] for side in (gold, system))
        return spans_to_layers([len(tags) for tags in gold], *sides)

    return convert


def layer_line(
    document: Document, spans: Sequence[tuple[int, int, str]], width: int = WIDTH, gap: int = 1
) -> Annotations:
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(
            Mention(id=f"m{i}", type=type, spans=(Span(start * width, end * width - gap),))
            for i, (start, end, type) in enumerate(spans)
        ),
    )
