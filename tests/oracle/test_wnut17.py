"""The published figures of two WNUT-17 submissions, to the second decimal.

Derczynski et al. 2017, table 3: entity F1 and surface F1 of Flytxt (38.35, 36.31) and Arcada (39.98, 37.77).
"""

import pytest

from goldwire import testing
from goldwire.corpora.formats.tags import decode
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.comparison.slices import sides
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.slices import parse_slices
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.score import Options, score, score_corpus
from goldwire.eval.statistics.figures import headline

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


@pytest.mark.parametrize("system", PUBLISHED)
def test_what_was_not_seen_before_has_the_figure_of_a_plain_script(shared, tmp_path, system):
    """No mention of the test part stands in the training part: 73 of 1,079 stand in the development part."""
    folder = shared / "data" / "wnut17"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    parts = {
        name: read_columns(folder / file)
        for name, file in (
            ("train", "wnut17train.conll"),
            ("dev", "emerging.dev.conll"),
            ("test", "emerging.test.annotated"),
            ("theirs", system),
        )
    }
    documents = {
        name: [
            make_document(f"{name}{i:04}", " ".join(token for token, *_ in sentence))
            for i, sentence in enumerate(parts[name])
        ]
        for name in ("train", "dev", "test")
    }
    layers = {
        "gold": layer(parts["test"], documents["test"]),
        "before": [*layer(parts["train"], documents["train"]), *layer(parts["dev"], documents["dev"])],
        f"system/{system}": layer(parts["theirs"], documents["test"]),
    }
    corpus = testing.corpus(tmp_path / "c", [one for some in documents.values() for one in some], layers)
    options = Options(trials=0, slices=parse_slices(["seen:layer=before"]))
    record = score_corpus(corpus, "gold", [system], ["entity"], options=options)
    found = sides(record, record.slices[0], system, parse("entity"))

    known = {words for name in ("train", "dev") for *_, words in mentions_in(parts[name])}
    gold, theirs = mentions_in(parts["test"]), mentions_in(parts["theirs"])
    for value, is_in in (("yes", known.__contains__), ("no", lambda words: words not in known)):
        right, produced = ({unit for unit in side if is_in(unit[-1])} for side in (gold, theirs))
        hits = len(right & produced)
        assert found[value].inside.total().tolist() == [hits, len(produced), hits, len(right)]
        f1 = headline(found[value].inside, parse("entity")).f
        assert f1 == pytest.approx(2 * hits / (len(right) + len(produced)))
    assert found["yes"].inside.total()[-1] == 73


def mentions_in(sentences):
    """Mentions as a plain script sees them: sentence, first and last token, type, words."""
    return {
        (place, first, end, type, " ".join(token for token, *_ in sentence[first:end]))
        for place, sentence in enumerate(sentences)
        for first, end, type in decode([row[-1] for row in sentence], "IOB2", "conlleval")
    }
