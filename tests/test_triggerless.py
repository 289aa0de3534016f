"""Events without a trigger: what takes them, what leaves them out and says so, what cannot show them."""

import msgspec
import pytest

from goldwire.annotate import adjudicate as adjudication
from goldwire.annotate.exchange import controls, frames, importer, regions, tasks
from goldwire.corpora import formats
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Argument, Event, Mention, Rejected, Span
from goldwire.eval.scoring.notes import make_notes
from goldwire.eval.scoring.score import Options, score
from goldwire.testing import annotate

DOCUMENT = make_document("d", "Rebels attacked Herat on Monday.")
CONFLICT = ontologies.read("conflict")
REBELS = Mention(id="m1", type="MIL", spans=(Span(0, 6),))
HERAT = Mention(id="m2", type="GPE", spans=(Span(16, 21),))
BY_REBELS, IN_HERAT = Argument(role="attacker", mention="m1"), Argument(role="place", mention="m2")
WITHOUT = Event(id="e1", type="Attack", arguments=(BY_REBELS, IN_HERAT))
WITH = Event(id="e2", type="Attack", trigger=(Span(7, 15),), arguments=(BY_REBELS,))


def line(*events, **fields):
    return annotate(DOCUMENT, REBELS, HERAT, events=events, **fields)


def scored(gold, system, *measures):
    return score([gold], {"s": [system]}, [DOCUMENT], measures, options=Options(trials=0))


def micro(record):
    found = (result.averages["micro"] for result in record.results)
    return [(score.gold_hits, score.system, score.gold) for score in found]


def test_arguments_and_templates_take_them_and_what_needs_a_trigger_leaves_them_out():
    gold, system = line(WITHOUT, WITH), line(WITHOUT)
    # gold arguments by type, role and span: attacker (twice the same) and place; attached ones: of WITH alone
    record = scored(gold, system, "AC", "AI", "AC+", "TC", "TI", "document")
    assert micro(record) == [(2, 2, 2), (2, 2, 2), (0, 0, 1), (0, 0, 1), (0, 0, 1), (1, 1, 1)]
    # two templates, three fillers; the system's one template has two of them
    assert micro(scored(gold, system, "CEAF-RME-subset")) == [(2, 2, 3)]
    assert (record.gold.triggerless, record.systems[0].triggerless) == (1, 1)


@pytest.mark.parametrize("triggers", ["gold", "matched"])
def test_arguments_of_given_triggers_are_not_those_of_events_without_one(triggers):
    record = scored(line(WITHOUT, WITH), line(WITHOUT, WITH), f"AC,triggers={triggers}")
    assert micro(record) == [(1, 1, 1)]


def test_they_are_told_where_a_measure_leaves_them_out_and_nowhere_else():
    def told(*measures):
        notes = make_notes({"r": scored(line(WITHOUT), line(WITHOUT), *measures)}, {})
        return [note.text for note in notes if note.kind in ("triggerless", "undefined")]

    assert told("AC") == []
    assert told("AC", "TC") == [
        "gold: 1 event without a trigger is no unit of TC.",
        "s: 1 event without a trigger is no unit of TC.",
        "Undefined, since neither gold nor a system has events with a trigger: TC.",
    ]


def test_a_realis_and_a_cluster_of_an_event_without_a_trigger_are_no_units():
    event = msgspec.structs.replace(WITHOUT, attributes={"realis": "generic"}, cluster="c")
    assert micro(scored(line(event, WITH), line(event, WITH), "event:trigger+realis@exact")) == [(1, 1, 1)]
    record = scored(line(event, WITH), line(event, WITH), "cluster:trigger@b3")
    assert micro(record) == [(1, 1, 1)]


def test_one_rejected_for_its_label_is_no_trigger_that_is_wrong():
    gone = Rejected(unit="event", kind="unknown-type", message="", type="Raid", path="$.events[0]")
    assert micro(scored(line(WITH), line(WITH, rejected=(gone,)), "TC")) == [(1, 1, 1)]
    placed = msgspec.structs.replace(gone, spans=((0, 6),))
    assert micro(scored(line(WITH), line(WITH, rejected=(placed,)), "TC")) == [(1, 2, 1)]


def test_adjudication_tells_them_apart_by_type_and_arguments():
    fewer = msgspec.structs.replace(WITHOUT, arguments=(BY_REBELS,))
    layers = {"a": {"d": line(WITHOUT)}, "b": {"d": line(fewer)}}
    made = adjudication.adjudicate(layers, [DOCUMENT], ontology=CONFLICT)
    assert [item.key for item in made.disagreements] == [
        "Attack (attacker: MIL [[0, 6]])",
        "Attack (attacker: MIL [[0, 6]]; place: GPE [[16, 21]])",
    ]
    decided = [msgspec.structs.replace(made.disagreements[1], decision=True)]
    taken = adjudication.adjudicate(layers, [DOCUMENT], decided, CONFLICT).annotations[0]
    assert [(event.trigger, len(event.arguments)) for event in taken.events] == [((), 2)]


def test_two_annotators_who_say_the_same_agree():
    layers = {"a": {"d": line(WITHOUT)}, "b": {"d": line(WITHOUT)}}
    made = adjudication.adjudicate(layers, [DOCUMENT], ontology=CONFLICT)
    assert made.disagreements == ()
    assert made.annotations[0].events == (WITHOUT,)


def test_a_task_of_a_document_cannot_show_them_and_names_them():
    bare = Event(id="e3", type="Attack")
    made = tasks.encode([DOCUMENT], CONFLICT, prefill={"d": line(WITHOUT, WITH, bare)}, version="v")
    assert (made.lost["events without a trigger"], len(made.tasks)) == (2, 1)
    assert made.unshown == (
        "d: Attack (attacker “Rebels”; place “Herat”)", "d: Attack (no arguments)",
    )  # fmt: skip


def answered(base, results=None):
    """What a person makes of frames by sending each back as it came, or with other results for e1."""
    exported = []
    for number, task in enumerate(frames.encode([DOCUMENT], CONFLICT, {"d": base}, "gold@1").tasks):
        sent = task["predictions"][0]["result"]
        if results is not None and task["data"]["event"] == "e1":
            sent = results
        answer = {"id": number, "completed_by": 7, "result": sent}
        exported.append({"id": number, "data": task["data"], "annotations": [answer]})
    return exported, importer.decode(exported, context(base))


def context(base):
    return importer.Context(
        documents={"d": DOCUMENT},
        controls=controls.of(CONFLICT),
        ontology=CONFLICT,
        layer=lambda _: {"d": base},
    )


def test_in_frames_each_is_a_task_without_a_trigger_and_comes_back_as_it_went():
    base = line(WITH, WITHOUT)
    exported, imported = answered(base)
    first = exported[0]["data"]
    assert (first["event"], first["question"]) == (
        "e1", "Attack (attacker “Rebels”; place “Herat”): the document as a whole (e1)",
    )  # fmt: skip
    controls_used = {result["from_name"] for result in exported[0]["annotations"][0]["result"]}
    assert controls_used == {"role"}
    (reading,) = imported.readings
    assert reading.annotations.events == base.events
    assert imported.rejected == ()


def test_a_role_that_is_taken_away_in_a_frame_without_a_trigger_is_gone():
    herat = regions.region("m2", "role", ["target"], Span(16, 21), DOCUMENT.text)
    (reading,) = answered(line(WITH, WITHOUT), [herat])[1].readings
    (event,) = (event for event in reading.annotations.events if event.id == "e1")
    assert event.arguments == (Argument(role="target", mention="m2"),)
    assert event.trigger == ()


def test_an_answer_to_an_event_that_has_lost_its_trigger_since_is_not_taken():
    exported, _ = answered(line(msgspec.structs.replace(WITHOUT, trigger=(Span(7, 15),))))
    found = importer.decode(exported, context(line(WITHOUT)))
    assert [item.kind for item in found.rejected] == ["base-changed"]


WRITTEN = [name for name in formats.names() if formats.writes(name) and name != "goldwire"]
EVENTS = {"brat", "tbf", "dygie", "cas"}  # formats that have events, each with a trigger


@pytest.mark.parametrize("name", WRITTEN)
def test_a_format_without_a_place_for_them_says_how_many(name, tmp_path):
    parted = msgspec.structs.replace(WITH, id="e3", trigger=(Span(0, 6), Span(25, 31)))
    layer = {"d": line(WITHOUT, WITH, parted)}
    loss = formats.load(name).write(tmp_path / "x", [DOCUMENT], layer, formats.options(name, {}))
    if name not in EVENTS:
        assert loss["events"] == 3
        return
    assert loss["events without a trigger"] == 1
    other = sum(times for kind, times in loss.items() if kind.startswith("events with a "))
    assert other == (0 if name in ("brat", "tbf") else 1)  # those two write triggers in parts
    # The event without a trigger has two arguments, the one in parts one; TBF has no arguments at all.
    arguments = {"brat": 2, "dygie": 3, "cas": 3}
    assert loss.get("arguments of lost events", 0) == arguments.get(name, 0)
