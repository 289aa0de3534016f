"""GLiNER: types by words, texts in runs of sentences, scores by type, and the real library where it is."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.ontology import Ontology, decode
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Excluded
from goldwire.eval.systems.adapters import gliner
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.run import run_system

ONTOLOGY = """
name = "places"
version = "1"
[entities.CITY]
title = "City"
[entities.PERSON_GROUP]
[events.Meet]
title = "Meeting"
"""
TEXT = "Rain fell in Oslo. The mayor of Bergen met the mayor of Oslo. Rain fell in Bergen and in Oslo."
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch, while it is imported
needs_library = pytest.mark.skipif(find_spec("gliner") is None, reason="pip install gliner")


@pytest.fixture
def ontology() -> Ontology:
    return decode(ONTOLOGY)


def test_types_are_named_by_their_titles_or_as_is_said(ontology: Ontology) -> None:
    found = gliner.labels(ontology, gliner.Options(words={"CITY": "town"}, thresholds={"CITY": 0.9}))
    assert found == {
        "town": gliner.Label("CITY", is_event=False, least=0.9),
        "person group": gliner.Label("PERSON_GROUP", is_event=False, least=0.5),
    }
    assert gliner.labels(ontology, gliner.Options(triggers=True))["meeting"].is_event


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"words": {"CITY": "person group"}}, "CITY and PERSON_GROUP are both called 'person group'"),
        ({"words": {"CITTY": "x"}}, "nearest: CITY"),
        ({"thresholds": {"Meet": 0.5}}, "no type 'Meet' is looked for"),  # without triggers
    ],
)
def test_words_that_cannot_name_types_are_refused(
    ontology: Ontology, chosen: dict[str, Any], said: str
) -> None:
    with pytest.raises(ExtractorError, match=said):
        gliner.labels(ontology, gliner.Options(**chosen))


def test_a_text_is_read_in_runs_of_sentences_that_fit() -> None:
    document = make_document("a", TEXT)
    runs = [document.text[piece.start : piece.end] for piece in gliner.pieces(document, 16)]
    # Words with their points: 5, 10 and 9.
    assert runs == [TEXT[:61], TEXT[62:]]


def test_a_sentence_that_does_not_fit_is_read_in_parts_and_nothing_is_lost() -> None:
    document = make_document("a", "one " * 50)
    parts = list(gliner.pieces(document, 20))
    assert [len(document.text[p.start : p.end].split()) for p in parts] == [20, 20, 10]


def test_excluded_sentences_are_not_read() -> None:
    start, end = TEXT.index("The mayor"), TEXT.index(" Rain fell in Bergen")
    document = make_document("a", TEXT, excluded=(Excluded(start=start, end=end, reason="teaser"),))
    read = " ".join(document.text[p.start : p.end] for p in gliner.pieces(document, 5))
    assert "mayor" not in read
    assert "Oslo" in read


class Fake:
    """Stands beside the real library, for what a model of chance cannot show."""

    class config:  # noqa: N801 - as the library calls it
        max_len = 8

    def inference(self, texts: list[str], labels: list[str], **_: object) -> list[list[dict[str, Any]]]:
        return [list(self.units(text)) for text in texts]

    def units(self, text: str) -> Iterator[dict[str, Any]]:
        for word, label, score in (("Oslo", "city", 0.9), ("Bergen", "city", 0.6), ("met", "meeting", 0.7)):
            at = text.find(word)
            if at >= 0:
                yield {"start": at, "end": at + len(word), "label": label, "text": word, "score": score}


def test_offsets_are_those_of_the_whole_text_and_scores_are_kept(
    ontology: Ontology, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gliner, "version", lambda _: "0")
    wanted = gliner.labels(ontology, gliner.Options(triggers=True, thresholds={"CITY": 0.8}))
    extractor = gliner.GlinerExtractor(Fake(), "fake", wanted, nested=False)
    first, second = make_document("a", TEXT), make_document("b", "Nothing.")
    found, nothing = extractor.extract([first, second])
    said = [(first.text[m.spans[0].start : m.spans[0].end], m.type, m.score) for m in found.mentions]
    assert said == [("Oslo", "CITY", 0.9)] * 3  # one a sentence; Bergen is below the threshold of cities
    [met] = found.events
    assert (met.type, met.trigger[0].start) == ("Meet", TEXT.index("met"))
    assert (nothing.mentions, nothing.events) == ((), ())


# ---------------------------------------------------------------- the real library
@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a few thousand weights, by chance, saved as the library saves models."""
    import torch
    from gliner import GLiNER, GLiNERConfig
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("gliner") / "model"
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<<ENT>>", "<<SEP>>"]
    words = [
        *special,
        *sorted({*TEXT.lower().replace(".", " .").split(), "city", "person", "group", "meeting"}),
    ]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        additional_special_tokens=["<<ENT>>", "<<SEP>>"],
    )
    wrapped.save_pretrained(folder)
    torch.manual_seed(5)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    config = GLiNERConfig(
        model_name=str(folder),
        hidden_size=32,
        encoder_config=BertConfig(vocab_size=len(wrapped), **size).to_dict(),
        max_len=16,
        max_width=4,
        dropout=0.0,
        vocab_size=len(wrapped),
        class_token_index=5,
    )
    GLiNER.from_config(config, backbone_from_pretrained=False).save_pretrained(folder)
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    made = create_corpus(
        tmp_path / "corpus",
        Manifest(name="t", ontology="places.toml"),
        [make_document("a", TEXT), make_document("b", "Rain fell in Oslo.")],
    )
    (made.path / "places.toml").write_text(ONTOLOGY)
    return made


@needs_library
@pytest.mark.slow
def test_a_model_is_loaded_by_the_library_and_run_with_its_scores(corpus: Corpus, model: Path) -> None:
    system = msgspec.structs.replace(parse_system(f"zero=gliner:{model}"), options={"threshold": 0.0})
    facts = run_system(corpus, system)
    assert facts.failed == {}
    assert facts.version.startswith("0.")
    layer = corpus.layer("system/zero")
    units = [unit for line in layer.values() for unit in line.mentions]
    assert units  # by chance, and many: every score counts
    assert {unit.type for unit in units} <= {"CITY", "PERSON_GROUP"}
    assert all(unit.score is not None and 0 <= unit.score <= 1 for unit in units)
    ends = [unit.spans[-1].end for unit in layer["a"].mentions]
    assert max(ends) > 62  # the third sentence is read too, though the model takes 16 words


@needs_library
@pytest.mark.slow
def test_a_folder_without_a_model_is_refused_by_its_name(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "note.txt").write_text("nothing")
    with pytest.raises(ExtractorError, match="cannot be loaded"):
        run_system(corpus, parse_system(f"zero=gliner:{tmp_path / 'empty'}"))


@pytest.mark.skipif(find_spec("gliner") is not None, reason="gliner is installed")
def test_without_the_library_it_is_said_what_to_install(corpus: Corpus) -> None:
    with pytest.raises(ExtractorError, match="pip install 'gliner"):
        run_system(corpus, parse_system("zero=gliner:some/model"))
