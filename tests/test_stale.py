"""What was made for an earlier text is carried over, and what is for none that is known keeps nothing out."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.exchange import regions
from goldwire.annotate.sync import orders
from goldwire.annotate.sync.orders import Order
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.correct import correct
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Mention, Span

Call = Callable[..., Any]
TEXT = "Rebels shelled Balkh on Monday."
NEW = "On Monday, rebels shelled Balch. Rebels shelled Balkh on Monday."
D1, D2 = make_document("d1", TEXT), make_document("d2", "Rain fell in Herat.")
BALKH = regions.region("g", "entity", ["GPE"], Span(15, 20), TEXT)
REBELS = regions.region("m", "entity", ["MIL"], Span(0, 6), TEXT)
HERAT = regions.region("h", "entity", ["GPE"], Span(13, 18), D2.text)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return create_corpus(tmp_path / "work", Manifest(name="work", ontology="conflict"), [D1, D2])


@pytest.fixture
def take(said_by: Call, corpus: Corpus, tmp_path: Path) -> Call:
    """Import tasks as Label Studio exports them; what the command prints with --json."""

    def call(*tasks: dict[str, Any], code: int = 0) -> Any:
        file = tmp_path / "export.json"
        file.write_text(json.dumps(tasks))
        said = said_by("annotate", "import", corpus.path, file, "--annotator", "1=anna", "--json")
        assert said.code == code, said.err
        return said.json

    return call


def task(
    id: int, document: str, text: str, *results: Any, at: str = "2026-01-01T00:00:00Z"
) -> dict[str, Any]:
    done = {"id": 10 * id, "completed_by": 1, "result": [*results], "updated_at": at}
    return {
        "id": id,
        "data": {"goldwire_id": document, "document": document, "text": text},
        "annotations": [done],
    }


def words(corpus: Corpus, layer: str, document: str) -> list[str]:
    text = corpus.document(document).text
    return sorted(text[slice(*one.spans[0])] for one in corpus.layer(layer)[document].mentions)


def stale(corpus: Corpus, layer: str, *documents: str) -> bytes:
    """Put a line of a text that nobody knows into a layer, beside those that are there."""
    path = corpus.layer_path(layer)
    lines = [Annotations(document=id, sha256="0" * 64) for id in documents]
    data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((path.read_bytes() if path.exists() else b"") + data)
    return data


# ---------------------------------------------------------------- of an earlier text
def test_what_somebody_did_with_the_old_text_comes_as_the_correction_has_it_already(
    corpus: Corpus, take: Call
) -> None:
    tasks = [task(1, "d1", TEXT, BALKH, REBELS), task(2, "d2", D2.text, HERAT)]
    take(*tasks)
    correct(corpus, "d1", NEW)
    before = corpus.layer("annotator/anna")
    assert words(corpus, "annotator/anna", "d1") == ["Balkh", "Rebels"]
    said = take(*tasks)
    assert said["found"]["carried over from an earlier text"] == 1
    assert corpus.layer("annotator/anna") == before


def test_it_comes_from_any_text_that_the_document_had(corpus: Corpus, take: Call) -> None:
    for text in (f"So {TEXT}", f"And so {TEXT}", "Rebels shelled Kabul on Monday."):
        correct(corpus, "d1", text)
    said = take(task(1, "d1", TEXT, BALKH, REBELS))
    assert words(corpus, "annotator/anna", "d1") == ["Rebels"]
    assert said["rejected"] == {"text-corrected": 1}
    [lost] = corpus.layer("annotator/anna")["d1"].rejected
    assert (lost.kind, lost.words) == ("text-corrected", "Balkh")


def test_of_old_and_new_text_what_a_person_did_last_counts_once(corpus: Corpus, take: Call) -> None:
    correct(corpus, "d1", NEW)
    place = NEW.rindex("Balkh")
    again = regions.region("g", "entity", ["GPE"], Span(place, place + 5), NEW)
    said = take(task(1, "d1", TEXT, REBELS), task(9, "d1", NEW, again, at="2026-02-01T00:00:00Z"))
    assert words(corpus, "annotator/anna", "d1") == ["Balkh"]
    assert said["rejected"] == {"superseded": 1}


@pytest.mark.parametrize(("judged", "status"), [(False, "draft"), (True, "submitted")])
def test_words_that_came_in_are_judged_if_whoever_corrected_said_so(
    corpus: Corpus, take: Call, judged: bool, status: str
) -> None:
    correct(corpus, "d1", NEW, judged=judged)
    take(task(1, "d1", TEXT, BALKH))
    assert corpus.layer("annotator/anna")["d1"].provenance.status == status


def test_what_a_machine_said_of_the_old_text_is_told_and_not_taken(corpus: Corpus, take: Call) -> None:
    correct(corpus, "d1", NEW)
    old = task(1, "d1", TEXT, BALKH)
    old["predictions"] = [{"id": 7, "model_version": "theirs", "result": [BALKH]}]
    assert take(old)["rejected"] == {"text-changed": 1}
    assert corpus.layers() == ["annotator/anna"]


def test_answers_to_frames_of_the_old_text_are_told_and_not_taken(corpus: Corpus, take: Call) -> None:
    correct(corpus, "d1", NEW)
    frame = task(1, "d1", TEXT, BALKH)
    frame["data"] |= {"event": "e1", "layer": "gold@0", "event_type": "Attack"}
    assert take(frame, task(2, "d2", D2.text, HERAT))["rejected"] == {"text-changed": 1}
    assert corpus.layers() == ["annotator/anna"]


def test_a_task_that_says_no_document_is_known_by_its_old_text(corpus: Corpus, take: Call) -> None:
    correct(corpus, "d1", NEW)
    nameless = task(1, "d1", TEXT, BALKH)
    nameless["data"] = {"text": TEXT}
    take(nameless)
    assert words(corpus, "annotator/anna", "d1") == ["Balkh"]


# ---------------------------------------------------------------- of no text that is known
def test_an_annotation_of_a_text_that_nobody_knows_is_rejected_and_the_others_come(
    corpus: Corpus, take: Call
) -> None:
    said = take(task(1, "d1", "Something else.", REBELS), task(2, "d2", D2.text, HERAT))
    assert said["rejected"] == {"text-changed": 1}
    assert corpus.layer("annotator/anna").keys() == {"d2"}


def test_a_line_that_does_not_fit_keeps_no_other_out_and_stays(corpus: Corpus, take: Call) -> None:
    line = stale(corpus, "annotator/anna", "d1")
    assert take(task(2, "d2", D2.text, HERAT))["layers"] == {"annotator/anna": 1}
    fit, others = corpus.fitting("annotator/anna")
    assert (fit.keys(), [one.document for one in others]) == ({"d2"}, ["d1"])
    assert line in corpus.layer_path("annotator/anna").read_bytes()


def test_a_line_that_does_not_fit_gives_way_to_one_that_does(corpus: Corpus, take: Call) -> None:
    stale(corpus, "annotator/anna", "d1", "gone")
    take(task(1, "d1", TEXT, BALKH))
    fit, others = corpus.fitting("annotator/anna")
    assert (fit.keys(), [one.document for one in others]) == ({"d1"}, ["gone"])


def test_a_line_that_does_not_fit_is_not_drawn_in_and_told_and_the_others_are(
    corpus: Corpus, said_by: Call, tmp_path: Path
) -> None:
    herat = Mention(id="h", type="GPE", spans=(Span(13, 18),))
    corpus.write_layer("gold", [Annotations(document="d2", sha256=D2.sha256, mentions=(herat,))])
    stale(corpus, "gold", "d1")
    order = Order(title="t", group="t", prefill="gold", documents=(D1, D2))
    local, encoded = orders.encode(corpus, ontologies.read("conflict"), order)
    assert [(one.key, one.result is not None) for one in local] == [("d1", False), ("d2", True)]
    assert [(fault.where, fault.path) for fault in encoded.faults] == [("d1", "$.sha256")]
    said = partial(said_by, "annotate", "export", corpus.path)(tmp_path / "tasks.json", "--prefill", "gold")
    assert said.code == 0
    assert "d1 $.sha256: the layer was made for another text" in said.err
