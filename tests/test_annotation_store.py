"""An import is put into a corpus: raw file, quarantine and layers, and nothing else is touched."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.exchange import controls, importer, regions, store
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Span

CONFLICT = ontologies.read("conflict")
TEXTS = {"a": "Rebels took Kunduz.", "b": "Rebels left Herat."}
MIL = regions.region("m", "entity", ["MIL"], Span(0, 6), TEXTS["a"])


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document(id, text) for id, text in TEXTS.items()]
    return create_corpus(tmp_path / "work", Manifest(name="work", ontology="conflict"), documents)


def task(id: str, *annotations: Any, **fields: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"document": id, "text": TEXTS[id]}, "annotations": [*annotations], **fields}


def by(person: int, *result: Any, **fields: Any) -> dict[str, Any]:
    return {"id": 1, "completed_by": person, "result": [*result], **fields}


def bring(corpus: Corpus, *tasks: Any, name: str = "export.json") -> store.Stored:
    context = importer.Context(
        documents={d.id: d for d in corpus.documents()}, controls=controls.of(CONFLICT), ontology=CONFLICT
    )
    return store.write(corpus, importer.decode(tasks, context), msgspec.json.encode(tasks), name)


def contents(corpus: Corpus) -> dict[str, list[str]]:
    return {name: [*corpus.layer(name)] for name in corpus.layers()}


def test_raw_file_is_kept_as_it_came_and_quarantine_beside(corpus: Corpus) -> None:
    bad = {**MIL, "from_name": "nope"}
    done = bring(corpus, task("a", by(4, MIL, bad)), name="../My export (1).json")
    assert done.raw.parent == corpus.path / "labelstudio"
    assert msgspec.json.decode(done.raw.read_bytes()) == [task("a", by(4, MIL, bad))]
    assert done.quarantine is not None
    (line,) = done.quarantine.read_bytes().splitlines()
    assert msgspec.json.decode(line) == {
        "unit": "mention", "kind": "unknown-control",
        "message": "no control 'nope' for 'text'; the configuration has: entity, trigger, attribute-realis, "
        "attribute-polarity, attribute-historical, attribute-mode, attribute-form, excluded",
        "where": "task 1, submitted 1 of 4", "path": "$.result[1]", "document": "a", "value": bad,
        "id": bad["id"], "type": "MIL", "spans": [[0, 6]], "words": "Rebels",
    }  # fmt: skip


def test_same_import_again_changes_nothing(corpus: Corpus) -> None:
    first = bring(corpus, task("a", by(4, MIL)))
    before = {p: p.read_bytes() for p in corpus.path.rglob("*") if p.is_file()}
    assert bring(corpus, task("a", by(4, MIL))) == first
    assert {p: p.read_bytes() for p in corpus.path.rglob("*") if p.is_file()} == before


def test_documents_and_people_that_an_export_lacks_keep_their_lines(corpus: Corpus) -> None:
    bring(corpus, task("a", by(4, MIL), by(5)), task("b", by(4)))
    bring(corpus, task("a", by(4)))
    assert contents(corpus) == {"annotator/4": ["a", "b"], "annotator/5": ["a"]}
    assert corpus.layer("annotator/4")["a"].mentions == ()


def test_draft_goes_when_it_has_been_submitted_and_a_skip_when_it_was_taken_back(corpus: Corpus) -> None:
    bring(corpus, task("a", drafts=[by(4, MIL)]), task("b", by(4, was_cancelled=True)))
    assert contents(corpus) == {"draft/4": ["a"], "skipped/4": ["b"]}
    done = bring(corpus, task("a", by(4, MIL)), task("b", by(4)))
    assert contents(corpus) == {"annotator/4": ["a", "b"]}
    assert done.layers == {"annotator/4": 2}


def test_draft_stays_where_the_export_only_names_it(corpus: Corpus) -> None:
    bring(corpus, task("a", drafts=[by(4, MIL)]))
    bring(corpus, task("a", by(4), drafts=[17]))
    assert contents(corpus) == {"annotator/4": ["a"], "draft/4": ["a"]}


def test_quarantine_goes_when_there_is_nothing_in_it_any_more(corpus: Corpus, tmp_path: Path) -> None:
    first = bring(corpus, task("a", by(4, {**MIL, "from_name": "nope"})))
    context = importer.Context(
        documents={d.id: d for d in corpus.documents()}, controls=controls.of(CONFLICT), ontology=CONFLICT
    )
    nothing = importer.decode([], context)
    again = store.write(corpus, nothing, first.raw.read_bytes(), "export.json")
    assert again.quarantine is None
    assert first.quarantine is not None
    assert not first.quarantine.exists()


def test_nothing_is_written_over_a_layer_for_which_everything_was_rejected(corpus: Corpus) -> None:
    bad = {**MIL, "from_name": "nope"}
    bring(corpus, task("a", by(4, MIL), drafts=[by(5, MIL)]), task("b", by(5, MIL)))
    done = bring(corpus, task("a", by(4, bad), by(5, bad)), task("b", by(5, MIL)))
    assert (done.refused, done.taken) == (("annotator/4",), 2)
    assert len(corpus.layer("annotator/4")["a"].mentions) == 1
    assert [item.kind for item in corpus.layer("annotator/5")["a"].rejected] == ["unknown-control"]
    nothing = bring(corpus, task("a", by(5, bad)), name="later.json")
    assert (nothing.refused, nothing.taken) == (("annotator/5",), 0)
    assert contents(corpus) == {"annotator/4": ["a"], "annotator/5": ["a", "b"]}


def test_draft_of_somebody_stays_with_the_layer_that_was_left_as_it_was(corpus: Corpus) -> None:
    bring(corpus, task("a", drafts=[by(4, MIL)]))
    done = bring(corpus, task("a", by(4, {**MIL, "from_name": "nope"})))
    assert done.refused == ("annotator/4",)
    assert contents(corpus) == {"draft/4": ["a"]}


def test_layer_that_is_torn_is_an_error_and_stays_as_it_is(corpus: Corpus) -> None:
    path = corpus.layer_path("annotator/4")
    path.parent.mkdir(parents=True)
    path.write_text('{"document":')
    with pytest.raises(DataError):
        bring(corpus, task("a", by(4, MIL)))
    assert path.read_text() == '{"document":'


def test_texts_that_a_corpus_lacks_become_documents_once() -> None:
    known = [make_document("a", TEXTS["a"])]
    found = [
        task("a"),
        {"id": 7, "data": {"body": "\ufeffNew\r\ntext.", "title": "News"}},
        {"id": 8, "data": {"body": "New\ntext."}},
        {"id": 9, "data": {"document": "n1", "text": "Another."}},
        {"id": "../9", "data": {"document": "n1", "text": "A third."}},
        {"id": 10, "data": {"body": "  \n"}},
        {"id": 11, "data": {"body": "half \ud800"}},
        {"id": 12, "data": {"body": 5}},
        {"id": 13},
        "junk",
    ]
    made = store.new_documents(found, known, "body")
    assert [(d.text, d.meta.title) for d in made] == [
        ("New\ntext.", "News"),
        ("Another.", None),
        ("A third.", None),
    ]
    assert [d.id for d in made[:2]] == ["task-7", "n1"]
    assert made[2].id.startswith("text-")
