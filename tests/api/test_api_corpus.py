"""Corpora at the front door: run, scored and framed as on the command line."""

from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

import goldwire as gw
from goldwire.cli import app
from goldwire.corpora import library
from goldwire.corpora.errors import CorpusError, ExtractorError, InputTypeError, InputValueError, MeasureError
from goldwire.eval.systems import facts


@pytest.fixture
def folder(tmp_path):
    library.copy("mazar-2021", tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def corpus(folder):
    return gw.open(str(folder))


def places(document):
    """A system for tests: every `Kabul` is a GPE."""
    return {"mentions": [{"type": "GPE", "text": "Kabul"}]} if "Kabul" in document.text else {}


def command(*words):
    found = CliRunner().invoke(app, list(map(str, words)))
    assert found.exit_code == 0, found.output
    return found.stdout


def test_a_corpus_is_opened_by_words_or_path_and_shown_short(folder, corpus):
    assert gw.open(folder) == corpus
    assert repr(corpus).splitlines()[1] == "layers: gold"
    with pytest.raises(InputTypeError, match="expected the folder"):
        gw.open(3)
    with pytest.raises(CorpusError, match="not a corpus"):
        gw.open(folder / "layers")


def test_the_numbers_are_those_of_the_command_line(folder, corpus):
    corpus.run({"rules": "lexicon", "mine": places})
    ours = corpus.score("gold", ["rules", "mine"], suite="default")
    command("eval", "score", folder, "--system", "rules", "--system", "mine")
    again = gw.read_record(folder / "records" / "default.json")
    assert msgspec.structs.replace(again, created=None) == ours
    assert again.results == ours.results
    assert again.home is not None


def test_flat_lists_of_the_same_layers_have_the_same_figures(corpus):
    corpus.run({"mine": places})
    ours = corpus.score("gold", "mine", ["entity", "overlap"])
    gold, mine = (corpus.frame("mentions", layer) for layer in ("gold", "system/mine"))
    assert gold["spans"].list.len().max() == 2  # what stands in two parts keeps them
    flat = gw.score(gold, {"mine": mine}, ["entity", "overlap"], documents=corpus)
    assert [result.averages for result in flat.results] == [result.averages for result in ours.results]
    assert [result.intervals for result in flat.results] == [result.intervals for result in ours.results]


def test_a_frame_of_several_layers_is_no_gold(corpus):
    corpus.run({"mine": places})
    with pytest.raises(InputValueError, match="units of gold, system/mine; keep those of one layer"):
        gw.score(corpus.frame("mentions"), [], "entity")


def test_one_system_and_one_measure_are_no_letters(corpus):
    corpus.run("lexicon")
    record = corpus.score("gold", "lexicon", "entity")
    assert record.measures == ("entity:span+type@exact",)
    assert record["lexicon", "entity"].f1 > 0
    assert corpus.score("gold", "system/lexicon", "entity") == record
    assert corpus.score(measures="entity") == record


def test_mistakes_are_told(corpus):
    corpus.run({"mine": places})
    for wrong, told in [
        (lambda: corpus.score("gold", ["mine", "mine"]), "'mine' is named twice"),
        (lambda: corpus.score("gold", "mine", "entty"), "nearest: entity"),
    ]:
        with pytest.raises(MeasureError, match=told):
            wrong()
    with pytest.raises(InputValueError, match="drafts: got 'in'; expected 'left-out' or 'counted'"):
        corpus.score("gold", "mine", drafts="in")
    with pytest.raises(InputTypeError, match=r"systems\[0\]: got 3"):
        corpus.score("gold", [3])
    with pytest.raises(CorpusError, match="no layer"):
        corpus.score("glod", "mine")
    with pytest.raises(InputTypeError, match="a function without a name"):
        corpus.run(places)
    with pytest.raises(InputTypeError, match="mine: got 3; expected a spec"):
        corpus.run({"mine": 3})
    with pytest.raises(InputValueError, match="got none"):
        corpus.run({})


def test_a_selection_of_documents(corpus):
    corpus.run({"mine": places})
    some = [document.id for document in corpus.documents()][:3]
    record = corpus.score("gold", "mine", "entity", documents=some)
    assert record.documents == tuple(sorted(some))


# ---------------------------------------------------------------- functions
def test_a_function_fails_on_a_document_alone(corpus):
    ids = [document.id for document in corpus.documents()]

    def extract(document):
        if document.id == ids[0]:
            raise KeyError("lost")
        if document.id == ids[1]:
            return {"mentions": [{"type": "GPE", "spans": [[0, 10**6]]}]}
        return places(document)

    runs = corpus.run({"mine": extract})
    assert runs["mine"].failed == {ids[0]: "KeyError: 'lost'"}
    assert runs["mine"].rejected == {"outside-text": 1}
    assert "failed, scored as empty: 1 document: KeyError: 'lost'" in repr(runs)
    assert "rejected, counted as wrong: 1 outside-text" in repr(runs)
    record = corpus.score("gold", "mine", "entity")
    assert record.systems[0].failed == 1
    assert "mine failed on 1 of 18 documents" in repr(record)
    assert facts.read(corpus, "mine").spec.startswith("function:")


def test_a_function_may_give_units_of_any_shape(corpus):
    text = next(document.text for document in corpus.documents() if "Kabul" in document.text)
    start = text.index("Kabul")
    doc = SimpleNamespace(
        text=text, ents=[SimpleNamespace(start_char=start, end_char=start + 5, label_="GPE")]
    )
    shapes = {
        "tuples": [(start, start + 5, "GPE")],
        "numbers": [(np.int64(start), float(start + 5), "GPE")],
        "mentions": (gw.Mention(type="GPE", spans=[(start, start + 5)]) for _ in range(1)),
        "dicts": {"mentions": [{"type": "GPE", "spans": [[np.int32(start), start + 5]]}]},
        "doc": doc,
    }
    for name, output in shapes.items():
        corpus.run({name: lambda document, output=output: output if document.text == text else []})
    found = corpus.frame("mentions", [f"system/{name}" for name in shapes])
    assert found.select("start", "end", "type").rows() == [(start, start + 5, "GPE")] * len(shapes)


@pytest.mark.parametrize("output", [None, 3, "Kabul", [3], object()])
def test_a_function_that_gives_nonsense_fails_or_is_rejected(corpus, output):
    first = corpus.documents()[0].id
    runs = corpus.run({"mine": lambda document: output if document.id == first else []})
    assert set(runs["mine"].failed) == {first} or runs["mine"].rejected == {"malformed": 1}


def test_a_function_that_always_fails_leaves_no_layer(corpus):
    def extract(document):
        raise ValueError("broken")

    with pytest.raises(ExtractorError, match=r"mine: .*ValueError: broken"):
        corpus.run({"rules": "lexicon", "mine": extract})
    assert "system/mine" not in corpus.layers()
    assert "system/rules" in corpus.layers()


def test_a_function_is_run_anew_unless_a_version_says_that_it_is_the_same(corpus, folder):
    seen = []

    def extract(document):
        seen.append(document.id)
        return places(document)

    for _ in range(2):
        corpus.run({"mine": extract})
    assert len(seen) == 2 * 18
    assert [path.name for path in (folder / "runs" / "mine").iterdir()] == ["facts.json"]
    for version, times in [("1", 3), ("1", 3), ("2", 4)]:
        runs = corpus.run({"mine": extract}, version=version)
        assert len(seen) == times * 18
    assert runs["mine"].version == "2"
    with pytest.raises(InputValueError, match="version: is of functions"):
        corpus.run({"rules": "lexicon"}, version="1")


def test_an_object_with_extract_is_run_in_its_batches(corpus):
    class Batches:
        name, version, batch = "batches", "3", 5

        def __init__(self):
            self.sizes = []

        def extract(self, documents):
            self.sizes.append(len(documents))
            return [places(document) for document in documents]

    system = Batches()
    runs = corpus.run({"mine": system})
    assert system.sizes == [5, 5, 5, 3]  # 18 documents
    assert (runs["mine"].name, runs["mine"].version) == ("batches", "3")


# ---------------------------------------------------------------- frames
def test_frames_have_every_unit_with_its_words(corpus):
    gold, texts = corpus.layer("gold"), {document.id: document.text for document in corpus.documents()}
    mentions = corpus.frame("mentions", "gold")
    assert mentions.height == sum(len(line.mentions) for line in gold.values())
    for row in mentions.iter_rows(named=True):
        words = [texts[row["document"]][span["start"] : span["end"]] for span in row["spans"]]
        assert row["text"] == " ".join(words)
        assert (row["start"], row["end"]) == (row["spans"][0]["start"], row["spans"][-1]["end"])
    events, arguments = corpus.frame("events"), corpus.frame("arguments")
    assert events["arguments"].sum() == arguments.height
    joined = arguments.join(mentions, left_on=["document", "mention"], right_on=["document", "id"])
    assert joined.height == arguments.height
    assert joined["type"].to_list() == joined["type_right"].to_list()


def test_documents_are_a_frame(corpus):
    found = corpus.frame("documents")
    assert found["document"].to_list() == [document.id for document in corpus.documents()]
    assert found["characters"].to_list() == [len(text) for text in found["text"]]


@pytest.mark.parametrize("units", ["mentions", "events", "arguments"])
def test_an_empty_frame_has_the_same_columns_and_types(corpus, units):
    corpus.run({"nothing": lambda document: {}})
    empty = corpus.frame(units, ["system/nothing"])
    assert empty.height == 0
    assert empty.schema == corpus.frame(units, "gold").schema


def test_frames_that_are_not_there_are_told(corpus):
    with pytest.raises(InputValueError, match="no frame of 'mention'; nearest: mentions"):
        corpus.frame("mention")
    with pytest.raises(CorpusError, match="no layer 'god'"):
        corpus.frame("mentions", "god")
    with pytest.raises(InputValueError, match="documents are of no layer"):
        corpus.frame("documents", "gold")


# ---------------------------------------------------------------- together
def test_annotators_agree_with_themselves(corpus, folder):
    for name in ("anna", "ben"):
        corpus.write_layer(f"annotator/{name}", corpus.layer("gold").values())
    found = gw.agreement(corpus, measures="entity")
    assert found.layers == ("annotator/anna", "annotator/ben")
    assert found.measures[0].mean.value == 1
    assert gw.agreement(str(folder), ["anna", "ben"], ["entity"]) == found
    assert "anna / ben" in repr(found)
    with pytest.raises(InputTypeError, match="expected a corpus"):
        gw.agreement(None)


def test_a_report_of_a_corpus_has_its_texts(corpus, folder):
    corpus.run({"rules": "lexicon"})
    record = corpus.score("gold", "rules", "entity")
    with_texts, without = record.report(), gw.read_record(record.write(folder / "r.json")).report()
    assert "docs-0" in with_texts.html
    assert "docs-0" not in without.html
    assert "docs-0" in gw.read_record(folder / "r.json").report(Path(folder)).html


def test_a_gate_over_the_record_of_a_corpus(corpus, folder):
    corpus.run({"rules": "lexicon"})
    record = corpus.score("gold", "rules")
    assert gw.gate(record, folder / "baseline.json", update=True).passed
    corpus.run({"rules": places})
    shut = gw.gate(corpus.score("gold", "rules"), folder / "baseline.json")
    assert not shut.passed
    assert "rules entity F1:" in repr(shut)
    assert any(check.examples for check in shut.checks)  # from the texts of the corpus
