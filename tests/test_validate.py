"""The validator names every fault of annotations against text and ontology, and nothing else."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import Fault
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Excluded, Mention, Relation, Span
from goldwire.corpora.validate import annotation_faults

TEXT = "Rebels attacked Balkh on Monday. We use cookies."
#       0      7        16    22 25     32
DOCUMENT = make_document("a", TEXT, excluded=(Excluded(start=33, end=48, reason="cookie notice"),))
REBELS = Mention(id="m1", type="MIL", spans=(Span(0, 6),))
BALKH = Mention(id="m2", type="GPE", spans=(Span(16, 21),))
ATTACK = Event(
    id="e1",
    type="Attack",
    trigger=(Span(7, 15),),
    arguments=(Argument(role="attacker", mention="m1"), Argument(role="target", mention="m2")),
    attributes={"realis": "actual"},
)
SOUND = Annotations(document="a", sha256=hash_text(TEXT), mentions=(REBELS, BALKH), events=(ATTACK,))


@pytest.fixture(scope="module")
def conflict() -> Ontology:
    return ontologies.read("conflict")


def change(item: msgspec.Struct, **fields: object):  # type: ignore[no-untyped-def]
    return msgspec.structs.replace(item, **fields)


def found(annotations: Annotations, ontology: Ontology | None = None) -> list[str]:
    return [f"{fault.path} {fault.message}" for fault in annotation_faults(annotations, DOCUMENT, ontology)]


def with_spans(*spans: tuple[int, int]) -> Annotations:
    mention = change(REBELS, spans=tuple(Span(*span) for span in spans))
    changed: Annotations = change(SOUND, mentions=(mention, BALKH))
    return changed


def test_sound_annotations_have_no_fault(conflict: Ontology) -> None:
    assert found(SOUND, conflict) == []


def test_annotations_of_another_text_or_document_are_told_and_nothing_else() -> None:
    assert found(change(SOUND, sha256="0" * 64)) == [
        f"$.sha256 made for another text: 000000000000… is not {hash_text(TEXT)[:12]}…"
    ]
    assert found(change(SOUND, document="b")) == ["$.document annotates 'b', another document"]


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        ([], "at least one span is needed"),
        ([(3, 3)], "[3, 3] is not a span of a text of 48 code points"),
        ([(5, 3)], "[5, 3] is not a span"),
        ([(40, 49)], "[40, 49] is not a span"),
        ([(16, 21), (0, 6)], "spans are in text order and do not overlap"),
        ([(0, 6), (5, 9)], "spans are in text order and do not overlap"),
        ([(30, 34)], "[30, 34] touches an excluded region (cookie notice)"),
        ([(40, 41)], "touches an excluded region"),
    ],
)
def test_span_that_does_not_fit_is_told(spans: list[tuple[int, int]], told: str) -> None:
    (fault,) = found(with_spans(*spans))
    assert fault.startswith("$.mentions[0].spans")
    assert told in fault


def test_spans_that_touch_each_other_or_a_region_fit() -> None:
    assert found(with_spans((0, 6), (6, 7), (25, 33))) == []


def test_head_lies_inside_one_span_of_the_mention() -> None:
    for head, fits in [(Span(3, 6), True), (Span(3, 7), False), (Span(3, 3), False)]:
        mentions = (change(REBELS, head=head), BALKH)
        told = [] if fits else ["$.mentions[0].head is not inside the mention"]
        assert found(change(SOUND, mentions=mentions)) == told


def test_event_may_be_without_a_trigger() -> None:
    assert found(change(SOUND, events=(change(ATTACK, trigger=()),))) == []


def test_ids_are_unique_and_lead_somewhere() -> None:
    annotations = Annotations(
        document="a",
        sha256=hash_text(TEXT),
        mentions=(REBELS, change(BALKH, id="m1")),
        events=(change(ATTACK, arguments=(Argument(role="target", mention="m9"),)),),
        relations=(Relation(id="r", type="same", source="m1", target="m8"),),
    )
    assert found(annotations) == [
        "$.mentions id 'm1' is used 2 times",
        "$.events[0].arguments[0].mention there is no mention 'm9'",
        "$.relations[0].target there is no mention 'm8'",
    ]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (change(ATTACK, type="Parade"), "$.events[0].type 'Parade' is no event type"),
        (
            change(ATTACK, arguments=(Argument(role="winner", mention="m1"),)),
            "$.events[0].arguments[0].role 'winner' is no role of Attack",
        ),
        (
            change(ATTACK, arguments=(Argument(role="instrument", mention="m2"),)),
            "$.events[0].arguments[0] GPE cannot be instrument of Attack; allowed are VEH, WEA",
        ),
        (
            change(ATTACK, attributes={"realis": "maybe"}),
            "$.events[0].attributes.realis 'maybe' is no value of realis",
        ),
        (
            change(ATTACK, type="Die", arguments=(), attributes={"mode": "clash"}),
            "$.events[0].attributes.mode 'mode' is no attribute here",
        ),
    ],
)
def test_event_that_breaks_a_rule_of_the_ontology_is_told(
    event: Event, told: str, conflict: Ontology
) -> None:
    annotations = change(SOUND, events=(event,))
    (fault,) = found(annotations, conflict)
    assert fault.startswith(told)
    assert found(annotations) == []  # without an ontology, every label goes


def test_mention_and_relation_types_are_those_of_the_ontology(conflict: Ontology) -> None:
    annotations = change(
        SOUND,
        mentions=(change(REBELS, type="MILITIA"), BALKH),
        events=(),
        relations=(Relation(id="r", type="knows", source="m1", target="m2"),),
    )
    faults = found(annotations, conflict)
    assert [fault.split(";")[0] for fault in faults] == [
        "$.mentions[0].type 'MILITIA' is no entity type",
        "$.relations[0].type 'knows' is no relation type",
    ]


def test_relations_respect_source_and_target() -> None:
    ontology = ontologies.decode(
        'name="x"\nversion="1"\n[entities.MIL]\n[entities.GPE]\n[relations.based]\nsource=["MIL"]\ntarget=["GPE"]'
    )
    for source, target, told in [("m1", "m2", 0), ("m2", "m1", 2)]:
        relation = Relation(id="r", type="based", source=source, target=target)
        annotations = change(SOUND, events=(), relations=(relation,))
        assert len(found(annotations, ontology)) == told


offsets = st.integers(0, 60)


@given(st.lists(st.builds(Span, offsets, offsets), max_size=3).map(tuple))
def test_spans_without_fault_slice_visible_text_outside_excluded_regions(spans: tuple[Span, ...]) -> None:
    annotations = change(SOUND, mentions=(change(REBELS, spans=spans), BALKH))
    faults: list[Fault] = annotation_faults(annotations, DOCUMENT)
    sliced = [TEXT[span.start : span.end] for span in spans]
    sound = (
        bool(spans)
        and all(sliced)
        and all(span.end <= 33 for span in spans)
        and all(a.end <= b.start for a, b in pairwise(spans))
    )
    assert sound == (not faults)
