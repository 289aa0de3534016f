"""The published figures of two WNUT-17 submissions, to the second decimal.

Derczynski et al. 2017, table 3: entity F1 and surface F1 of Flytxt (38.35, 36.31) and Arcada (39.98, 37.77).
"""

import pytest

from goldwire.corpora.formats.tags import decode
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.score import Options, score

PUBLISHED = {"flytxt": (38.35, 36.31), "arcada": (39.98, 37.77)}


def read_columns(path):
    """Sentences of (token, tag); columns are parted by a tab or a space."""
    sentences, current = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            current.append(tuple(line.split()))
        elif current:
            sentences.append(current)
            current = []
    return [*sentences, *([current] if current else [])]


def layer(sentences, documents):
    made = []
    for document, sentence in zip(documents, sentences, strict=True):
        starts = [0]
        for token, *_ in sentence:
            starts.append(starts[-1] + len(token) + 1)
        chunks = decode([row[-1] for row in sentence], "IOB2", "conlleval")
        mentions = [
            Mention(id=f"m{i}", type=type, spans=(Span(starts[first], starts[end] - 1),))
            for i, (first, end, type) in enumerate(chunks)
        ]
        made.append(Annotations(document=document.id, sha256=document.sha256, mentions=tuple(mentions)))
    return made


@pytest.mark.parametrize("system", PUBLISHED)
def test_both_figures_are_the_published_ones(shared, system):
    folder = shared / "data" / "wnut17"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    gold = read_columns(folder / "emerging.test.annotated")
    documents = [
        make_document(f"s{i:04}", " ".join(token for token, *_ in sentence))
        for i, sentence in enumerate(gold)
    ]
    record = score(
        layer(gold, documents),
        {system: layer(read_columns(folder / system), documents)},
        documents,
        read_suite("wnut17").measures,
        options=Options(trials=0),
    )
    assert tuple(round(100 * result.value, 2) for result in record.results) == PUBLISHED[system]
