"""The data of the benchmark: made by the generator beside the checkout, as tag files and as a corpus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.store import MANIFEST, Manifest, encode_manifest, make_document
from goldwire.corpora.types import Annotations, Document, Mention, Span

CORPUS = "corpus"  # the folder of the corpus, in the folder of a size


def generator(root: Path) -> Path:
    """The generator; its folder is read where it is and never copied."""
    shared = Path(os.environ.get("GOLDWIRE_SHARED", root.parent / "shared"))
    found = shared / "bench" / "gen.py"
    if not found.is_file():
        raise SystemExit(f"{found} is not there; name the folder `shared` in GOLDWIRE_SHARED")
    return found


def prepare(root: Path, folder: Path, sentences: int) -> Path:
    """Tag files, spans and a corpus of so many sentences, made once; each sentence is a document."""
    place = folder / str(sentences)
    if not (place / CORPUS / MANIFEST).is_file():
        place.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(generator(root)), "--n", str(sentences), "--out", str(place)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        write_corpus(place / "spans.jsonl", place / CORPUS)
    return place


def write_corpus(spans: Path, corpus: Path) -> None:
    """A corpus of the sentences."""
    write_rows(iter_sentences(spans), corpus)


def write_rows(rows: Iterable[tuple[Document, list[Annotations]]], corpus: Path) -> None:
    """A corpus of documents with gold and predictions, written line by line: memory stays."""
    encode = msgspec.json.Encoder().encode
    (corpus / "layers" / "system").mkdir(parents=True, exist_ok=True)
    with (
        (corpus / "documents.jsonl").open("wb") as documents,
        (corpus / "layers" / "gold.jsonl").open("wb") as gold,
        (corpus / "layers" / "system" / "pred.jsonl").open("wb") as pred,
    ):
        for document, sides in rows:
            documents.write(encode(document) + b"\n")
            for file, side in zip((gold, pred), sides, strict=True):
                file.write(encode(side) + b"\n")
    (corpus / MANIFEST).write_bytes(encode_manifest(Manifest(name="synthetic")))


def iter_sentences(spans: Path) -> Iterator[tuple[Document, list[Annotations]]]:
    """Each sentence as a document, with its gold and its predicted mentions in characters."""
    with spans.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            starts = [0]
            for token in row["tokens"]:
                starts.append(starts[-1] + len(token) + 1)
            document = make_document(f"s{row['id']:08}", " ".join(row["tokens"]))
            yield document, [annotate(document, row[side], starts) for side in ("gold", "pred")]


def annotate(document: Document, spans: list[Any], starts: list[int]) -> Annotations:
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(
            Mention(id=f"m{i}", type=type, spans=(Span(starts[first], starts[end] - 1),))
            for i, (first, end, type) in enumerate(spans)
        ),
    )
