"""Exports become layers: the samples of a real server, counted by hand, and each kind told apart."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from goldwire.annotate.exchange import controls, exports, importer, regions, store
from goldwire.annotate.exchange.importer import Imported
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.integrity import check_layer
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Argument, Document, Event, Mention, Provenance, Span

CONFLICT = ontologies.read("conflict")
DOCUMENT = make_document("d", "Rebels took Kunduz.")
MIL = regions.region("m", "entity", ["MIL"], Span(0, 6), DOCUMENT.text)
GPE = regions.region("g", "entity", ["GPE"], Span(12, 18), DOCUMENT.text)


def read_sample(shared: Path, name: str) -> Imported:
    folder = shared / "labelstudio"
    declared = controls.parse((folder / "config.xml").read_text())
    found = exports.read(folder / f"{name}.json")
    documents = store.new_documents(found, [], declared.field)
    assert [document.id for document in documents] == ["task-1", "task-2", "task-5"]
    return importer.decode(
        found,
        importer.Context(
            documents={document.id: document for document in documents},
            controls=declared,
            ontology=controls.ontology_of(declared),
        ),
    )


def kinds(imported: Imported) -> list[tuple[str, str, str]]:
    return sorted((item.kind, item.where, item.path) for item in imported.rejected)


def test_export_of_a_real_server_is_read_as_counted_by_hand(shared: Path) -> None:
    """Read by eye from export.json and config.xml, nothing computed.

    Seven tasks. 1, 3, 7 have one text (A), 2, 4 another (B, 30 characters), 5 is "a", 6 is the number 5.
    Eight annotations, one of them (3) a skip; one draft (1); five predictions by id only.
      A  person 1: 1 (updated 02:31:23.546), 5 (:21.620, empty), 8 (:23.182): 5 and 8 are superseded
      A  person 4: 2 (02:31:20.599), 7 (:23.182): 2 is superseded
      B  person 1: 6, whose one result is of control `nope`; person 4: 4 (empty), 3 (skip)
      B  draft of person 1: ORG [16, 31], past the end
    Annotation 1 has three mentions, two events, one choice, one note (a layer has no place for it) and two
    arrows, of which the second is labelled `Target`, and `coref` between a trigger and a mention.
    """
    imported = read_sample(shared, "export")
    assert imported.found == {
        "tasks": 7, "submitted": 7, "skipped": 1, "draft": 1, "prediction (its id only)": 5,
        "ground truth": 3,
    }  # fmt: skip
    assert {(r.layer, r.annotations.document) for r in imported.readings} == {
        ("annotator/1", "task-1"), ("annotator/1", "task-2"), ("annotator/4", "task-1"),
        ("annotator/4", "task-2"), ("skipped/4", "task-2"), ("draft/1", "task-2"),
    }  # fmt: skip
    assert kinds(imported) == [
        ("no-text", "task 6", ""),
        ("not-coreferent", "task 1, submitted 1 of 1", "$.result[8]"),
        ("outside-text", "task 2, draft 1 of 1", "$.result[0]"),
        ("superseded", "task 1, submitted 2 of 4", ""),
        ("superseded", "task 1, submitted 5 of 1", ""),
        ("superseded", "task 7, submitted 8 of 1", ""),
        ("unknown-control", "task 2, submitted 6 of 1", "$.result[0]"),
    ]
    assert (imported.lost, imported.repaired) == ({"textarea note": 1}, {})

    first = next(
        r.annotations
        for r in imported.readings
        if (r.layer, r.annotations.document) == ("annotator/1", "task-1")
    )
    assert first.mentions == (
        Mention(id="e1", type="ORG", spans=(Span(16, 31),)),
        Mention(id="e2", type="LOC", spans=(Span(24, 31),)),
        Mention(id="e3", type="PER", spans=(Span(0, 6),)),
    )
    assert first.events == (
        Event(
            id="t1", type="Attack", trigger=(Span(7, 15),), attributes={"modality": "asserted"},
            arguments=(Argument(role="Attacker", mention="e3"), Argument(role="Target", mention="e1")),
        ),
        Event(id="t2", type="Meet", trigger=(Span(7, 15),)),
    )  # fmt: skip
    assert first.provenance.seconds == 13.0
    assert first.provenance.details == {"task": 1, "annotation": 1, "ground_truth": True}
    assert [(item.unit, item.kind) for item in first.rejected] == [("cluster", "not-coreferent")]
    second = next(
        r.annotations
        for r in imported.readings
        if (r.layer, r.annotations.document) == ("annotator/4", "task-1")
    )
    assert [m.id for m in second.mentions] == ["e1", "e2"]  # annotation 7


def test_snapshot_differs_from_the_export_by_its_draft_which_it_only_names(shared: Path) -> None:
    export, snapshot = read_sample(shared, "export"), read_sample(shared, "export_snapshot")
    assert snapshot.found == {
        **{k: v for k, v in export.found.items() if k != "draft"},
        "draft (its id only)": 1,
    }
    assert [told for told in kinds(export) if "draft" not in told[1]] == kinds(snapshot)


def test_task_list_holds_the_predictions_too(shared: Path) -> None:
    """Of model m1 task 1 and 3 (text A) have one each, the same nine results; task 2 has two, the first with
    control `nope`, the second past the end; model m has one on task 5, `nope` again."""
    imported = read_sample(shared, "tasks_list")
    assert imported.found["prediction"] == 5
    predicted = [told for told in kinds(imported) if "prediction" in told[1]]
    assert predicted == [
        ("not-coreferent", "task 3, prediction 2 of m1", "$.result[8]"),
        ("outside-text", "task 2, prediction 4 of m1", "$.result[0]"),
        ("superseded", "task 1, prediction 1 of m1", ""),
        ("superseded", "task 2, prediction 3 of m1", ""),
        ("unknown-control", "task 5, prediction 5 of m", "$.result[0]"),
    ]
    rest = [told for told in kinds(imported) if told not in predicted]
    assert rest == kinds(read_sample(shared, "export"))
    layers = Counter(r.layer for r in imported.readings)
    assert (layers["prediction/m1"], layers["prediction/m"]) == (2, 1)


# ---------------------------------------------------------------- each thing for itself


def annotation(result: Any, **fields: Any) -> dict[str, Any]:
    return {"id": 1, "completed_by": 4, "result": result, **fields}


def read(
    *annotations: Any, document: Document = DOCUMENT, names: dict[str, str] | None = None, **fields: Any
) -> Imported:
    task = {
        "id": 9,
        "data": {"document": document.id, "text": DOCUMENT.text},
        "annotations": [*annotations],
        **fields,
    }
    context = importer.Context(
        documents={document.id: document},
        controls=controls.of(CONFLICT),
        ontology=CONFLICT,
        names=names or {},
    )
    return importer.decode([task], context)


def test_several_annotators_become_several_layers() -> None:
    imported = read(annotation([MIL]), annotation([GPE], completed_by=5), names={"4": "anna", "5": "ben"})
    assert {r.layer: [m.id for m in r.annotations.mentions] for r in imported.readings} == {
        "annotator/anna": ["m"],
        "annotator/ben": ["g"],
    }


def test_skip_keeps_what_was_done_apart_from_what_was_submitted() -> None:
    (reading,) = read(annotation([MIL], was_cancelled=True)).readings
    assert (reading.layer, reading.annotations.provenance.status) == ("skipped/4", "skipped")
    assert len(reading.annotations.mentions) == 1


def test_document_that_was_submitted_and_skipped_later_is_not_judged() -> None:
    done = annotation([MIL], id=1, updated_at="2021-08-08T10:00:00Z")
    for time, layers in (("11", ["skipped/4"]), ("09", ["annotator/4", "skipped/4"])):
        skip = annotation([], id=2, was_cancelled=True, updated_at=f"2021-08-08T{time}:00:00Z")
        for order in ([done, skip], [skip, done]):
            imported = read(*order)
            assert sorted(reading.layer for reading in imported.readings) == layers
            superseded = [(item.kind, item.where) for item in imported.rejected]
            told = [("superseded", "task 9, submitted 1 of 4")]
            assert superseded == ([] if "annotator/4" in layers else told)


def test_draft_is_a_layer_of_its_own() -> None:
    (reading,) = read(drafts=[{"id": 2, "user": 4, "result": [GPE]}]).readings
    assert (reading.layer, reading.annotations.provenance.status) == ("draft/4", "draft")


@pytest.mark.parametrize(
    ("version", "layer"),
    [
        ("gold@1f2e", "prediction/gold-1f2e"),
        ("system/spacy-sm@1f2e", "prediction/system/spacy-sm-1f2e"),
        (None, "prediction/unknown"),
    ],
)
def test_prediction_is_a_layer_by_its_model_version(version: str | None, layer: str) -> None:
    prediction = {"id": 3, "model_version": version, "result": [{**MIL, "score": 0.25}]}
    (reading,) = read(predictions=[prediction]).readings
    assert (reading.layer, reading.annotations.mentions[0].score) == (layer, 0.25)


@pytest.mark.parametrize("version", ["../../etc/passwd", "a b", "é✓", ".", "x" * 500, "\x00"])
def test_odd_model_versions_make_safe_names_that_differ(version: str) -> None:
    prediction = {"model_version": version, "result": []}
    (reading,) = read(predictions=[prediction]).readings
    check_layer(reading.layer)
    (other,) = read(predictions=[{**prediction, "model_version": f"{version} "}]).readings
    assert other.layer != reading.layer


def test_author_whose_id_is_no_safe_name_gets_one() -> None:
    (reading,) = read(annotation([], completed_by={"id": "../x"})).readings
    check_layer(reading.layer)


def test_last_of_two_annotations_of_one_person_counts_however_they_are_ordered() -> None:
    first = annotation([MIL], id=1, updated_at="2021-08-08T10:00:00Z")
    last = annotation([GPE], id=2, updated_at="2021-08-08T11:00:00Z")
    for order in ([first, last], [last, first]):
        imported = read(*order)
        assert [[m.id for m in r.annotations.mentions] for r in imported.readings] == [["g"]]
        assert [(item.kind, item.where, item.value) for item in imported.rejected] == [
            ("superseded", "task 9, submitted 1 of 4", [MIL])
        ]


def test_marks_of_what_is_excluded_are_nobodys_prediction() -> None:
    assert read(predictions=[{"model_version": "goldwire", "result": []}]).readings == ()


def test_every_annotation_of_a_task_without_document_is_quarantined_whole() -> None:
    other = make_document("d", "Another text.")
    imported = read(annotation([MIL]), annotation([GPE], completed_by=5), document=other)
    assert [(item.kind, item.where, item.value) for item in imported.rejected] == [
        ("text-changed", "task 9, submitted 1 of 4", [MIL]),
        ("text-changed", "task 9, submitted 1 of 5", [GPE]),
    ]


def test_ground_truth_lead_time_and_origin_are_kept() -> None:
    fields = {
        "ground_truth": True,
        "lead_time": 12.5,
        "parent_prediction": 8,
        "created_at": "2021-08-08T10:00:00Z",
    }
    (reading,) = read(annotation([], **fields)).readings
    assert reading.annotations.provenance == Provenance(
        author="4",
        tool="label-studio",
        created="2021-08-08T10:00:00Z",
        seconds=12.5,
        status="submitted",
        details={"task": 9, "annotation": 1, "ground_truth": True, "parent_prediction": 8},
    )


@pytest.mark.parametrize("bad", [7, "x", None, [], {"result": [], "lead_time": "long"}])
def test_malformed_annotation_is_quarantined(bad: Any) -> None:
    imported = read(bad, annotation([MIL], completed_by=5))
    assert [(item.kind, item.where) for item in imported.rejected] == [("malformed", "task 9, submitted")]
    assert len(imported.readings) == 1


def test_name_that_is_no_layer_name_is_refused() -> None:
    with pytest.raises(CorpusError, match="is no layer name"):
        read(names={"4": "../anna"})


def test_annotations_without_an_author_stay_apart() -> None:
    """Nothing says that one person made both, so neither supersedes the other."""
    given = [{"id": 1, "result": [MIL]}, {"id": 2, "result": [GPE]}]
    imported = importer.decode(
        [{"id": 1, "data": {"text": DOCUMENT.text}, "annotations": given}],
        importer.Context(documents={"d": DOCUMENT}, controls=controls.of(CONFLICT), ontology=CONFLICT),
    )
    found = {item.layer: [m.type for m in item.annotations.mentions] for item in imported.readings}
    assert found == {"annotator/unknown-1": ["MIL"], "annotator/unknown-2": ["GPE"]}
    assert imported.rejected == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"prefill": "system/lexicon@0a1b2c"}, "system/lexicon"),
        ({"prefill": "system/lexicon@?run"}, "system/lexicon"),  # set together with others
        ({"prefill": "@0a1b2c"}, "none"),  # marks of what is excluded, or a place in an order
        ({"prefill": "@"}, "none"),
        ({}, None),  # a task that does not say
        ({"prefill": 7}, None),
    ],
)
def test_what_the_annotator_was_shown_is_kept(said: dict[str, Any], expected: str | None) -> None:
    data = {"document": DOCUMENT.id, "text": DOCUMENT.text, **said}
    for work in ({"annotations": [annotation([MIL])]}, {"drafts": [{"id": 2, "user": 4, "result": [GPE]}]}):
        (reading,) = read(**work, data=data).readings
        assert reading.annotations.provenance.details.get("prefill") == expected
