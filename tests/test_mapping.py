"""Renamed, merged and split labels: plans are checked, annotations rewritten, what stays behind is named."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.exchange import regions
from goldwire.annotate.migration import mapping, rewrite
from goldwire.annotate.migration.mapping import Moves, Split
from goldwire.corpora import library
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError
from goldwire.corpora.ontology import Attribute, EventType, Ontology, Role, Value
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span
from goldwire.corpora.validate import annotation_faults

OLD = ontologies.read("conflict")


def with_events(**events: EventType) -> Ontology:
    return msgspec.structs.replace(OLD, events=events)


def changed() -> Ontology:
    """MIL and ORG are one, Move is Travel with other roles, airstrikes are a type, realis has other words."""
    force = OLD.entities["MIL"]
    entities = {name: entity for name, entity in OLD.entities.items() if name not in ("MIL", "ORG")}
    events = {name: event for name, event in OLD.events.items() if name != "Move"}
    move = OLD.events["Move"]
    travel = {"person" if role == "traveller" else role: rule for role, rule in move.roles.items()}
    realis = OLD.attributes["realis"]
    values = {"asserted" if value == "actual" else value: meaning for value, meaning in realis.values.items()}

    def fillers(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys("FORCE" if name in ("MIL", "ORG") else name for name in names))

    events |= {"Travel": msgspec.structs.replace(move, roles=travel), "Airstrike": OLD.events["Attack"]}
    return msgspec.structs.replace(
        OLD,
        version="2.0",
        groups={name: fillers(members) for name, members in OLD.groups.items()},
        entities={"FORCE": force, **entities},
        events={
            name: msgspec.structs.replace(
                event,
                key=None,
                roles={role: Role(fillers=fillers(rule.fillers)) for role, rule in event.roles.items()},
            )
            for name, event in events.items()
        },
        attributes={
            **{name: a for name, a in OLD.attributes.items() if name not in ("realis", "mode")},
            "modality": msgspec.structs.replace(realis, values=values, default="asserted"),
            "mode": msgspec.structs.replace(OLD.attributes["mode"], events=("Attack", "Airstrike")),
        },
    )


NEW = changed()
PLAN = mapping.decode("""
[entities]
MIL = "FORCE"
ORG = "FORCE"
[events]
Move = "Travel"
[roles.Move]
traveller = "person"
[attributes]
realis = "modality"
[values.realis]
actual = "asserted"
[[splits]]
kind = "events"
from = "Attack"
to = "Airstrike"
attribute = "mode"
values = ["airstrike"]
""")

TEXT = "Troops flew to Kabul. Jets bombed it."
DOCUMENT = make_document("d", TEXT)


def region(id: str, words: str, label: str) -> dict[str, Any]:
    start = TEXT.index(words)
    control = "entity" if label in OLD.entities else "trigger"
    return regions.region(id, control, [label], Span(start, start + len(words)), TEXT)


def choice(id: str, attribute: str, value: str) -> dict[str, Any]:
    return {"id": id, "from_name": f"attribute-{attribute}", "type": "choices", "value": {"choices": [value]}}


TROOPS, FLEW, BOMBED = (
    region("t", "Troops", "MIL"),
    region("f", "flew", "Move"),
    region("b", "bombed", "Attack"),
)


def rewrite_all(
    *found: Any, plan: Moves = PLAN, new: Ontology = NEW, frame: str | None = None
) -> rewrite.Rewritten:
    return rewrite.rewrite([*found], plan, OLD, new, frame=frame)


def labels(rewritten: rewrite.Rewritten) -> list[Any]:
    values = [
        r.get("labels") or r["value"].get("labels") or r["value"].get("choices") for r in rewritten.results
    ]
    return [value[0] for value in values if value]


def test_plan_of_sound_names_has_no_faults() -> None:
    assert mapping.check(PLAN, OLD, NEW) == []


@pytest.mark.parametrize(
    ("plan", "place", "message"),
    [
        (Moves(entities={"MILL": "FORCE"}), "entities.MILL", "old ontology has no 'MILL'"),
        (Moves(entities={"MIL": "FORCES"}), "entities.MIL", "new ontology has no 'FORCES'"),
        (Moves(roles={"Moves": {}}), "roles.Moves", "no event type 'Moves'"),
        (
            Moves(events={"Move": "Travel"}, roles={"Move": {"traveller": "who"}}),
            "roles.Move.traveller",
            "'who'",
        ),
        (Moves(values={"realis": {"actual": "real"}}), "values.realis.actual", "'real'"),
        (Moves(values={"mood": {}}), "values.mood", "no attribute 'mood'"),
        (
            Moves(splits=(Split(kind="events", source="Attack", target="Strike", words=("x",)),)),
            "splits[0]",
            "'Strike'",
        ),
        (Moves(splits=(Split(kind="events", source="Attack", target="Airstrike"),)), "splits[0]", "decides"),
        (
            Moves(
                splits=(
                    Split(
                        kind="events", source="Attack", target="Airstrike", attribute="mode", values=("air",)
                    ),
                )
            ),
            "splits[0]",
            "no mode 'air'",
        ),
    ],
)
def test_names_that_an_ontology_lacks_are_named(plan: Moves, place: str, message: str) -> None:
    (fault,) = mapping.check(plan, OLD, NEW)
    assert fault.path == place
    assert message in fault.message


@pytest.mark.parametrize("toml", ["[entities]\nMIL = 3", "[types]\nMIL = 'x'", "entities = ["])
def test_what_is_no_plan_is_refused(toml: str) -> None:
    with pytest.raises(DataError):
        mapping.decode(toml)


def test_renamed_and_merged_types_and_roles_are_carried_in_place() -> None:
    arrow = {**regions.arrow("f", "t", "traveller"), "extra": 1}
    note = {"id": "t", "from_name": "note", "type": "textarea", "value": {"text": ["why?"]}}
    done = rewrite_all(TROOPS, FLEW, choice("f", "realis", "actual"), arrow, note)
    assert labels(done)[:4] == ["FORCE", "Travel", "asserted", "person"]
    assert done.results[2]["from_name"] == "attribute-modality"
    assert done.results[3]["extra"] == 1
    assert done.results[4] == note
    assert done.uncarried == ()
    assert done.moved == {
        "entity MIL -> FORCE": 1,
        "trigger Move -> Travel": 1,
        "realis actual -> asserted": 1,
        "arrow traveller -> person": 1,
    }


@pytest.mark.parametrize(
    ("mode", "became"), [("airstrike", "Airstrike"), ("siege", "Attack"), (None, "Attack")]
)
def test_type_is_split_by_an_attribute_of_the_region(mode: str | None, became: str) -> None:
    chosen = [choice("b", "mode", mode)] if mode else []
    assert labels(rewrite_all(*chosen, BOMBED))[-1] == became


def test_type_is_split_by_the_words_of_the_region() -> None:
    split = Split(kind="entities", source="MIL", target="PER", words=("troops",))
    assert labels(rewrite_all(TROOPS, plan=Moves(splits=(split,)))) == ["PER"]


def test_role_of_a_reversed_arrow_is_that_of_its_trigger() -> None:
    arrow = {**regions.arrow("t", "f", "traveller"), "direction": "left"}
    assert labels(rewrite_all(TROOPS, FLEW, arrow))[-1] == "person"


def test_what_the_plan_does_not_name_and_the_new_ontology_lacks_stays_behind_with_all_that_hangs_on_it() -> (
    None
):
    found = [regions.arrow("f", "t", "traveller"), choice("f", "realis", "planned"), FLEW, TROOPS]
    done = rewrite_all(*found, plan=Moves(entities={"MIL": "FORCE"}))
    assert [(gone.index, gone.label, gone.planned) for gone in done.uncarried] == [
        (0, "traveller", False),
        (1, "attribute-realis", False),
        (2, "Move", False),
    ]
    assert labels(done) == ["FORCE"]
    assert done.origins == (3,)


def test_what_the_plan_gives_up_is_named_as_planned() -> None:
    done = rewrite_all(TROOPS, plan=Moves(entities={"MIL": ""}))
    assert [(gone.label, gone.planned) for gone in done.uncarried] == [("MIL", True)]


@pytest.mark.parametrize(
    ("plan", "planned"),
    [  # the mention with its attribute and its cluster, and the role that it fills; the event with all of its
        (
            Moves(entities={"MIL": ""}),
            {"MIL": True, "attribute-form": True, "same": True, "traveller": False},
        ),
        (
            Moves(entities={"MIL": ""}, roles={"Move": {"traveller": ""}}),
            {"MIL": True, "attribute-form": True, "same": True, "traveller": True},
        ),
        (Moves(events={"Move": ""}), {"Move": True, "traveller": True}),
        (Moves(), {}),
    ],
)
def test_what_hangs_on_a_label_that_the_plan_gives_up_is_given_up_with_it(
    plan: Moves, planned: dict[str, bool]
) -> None:
    hanging = [regions.arrow("f", "t", "traveller"), regions.arrow("t", "x", "same")]
    other = regions.region("x", "entity", ["PER"], Span(0, 6), TEXT)
    done = rewrite_all(FLEW, TROOPS, other, choice("t", "form", "name"), *hanging, plan=plan, new=OLD)
    assert {gone.label: gone.planned for gone in done.uncarried} == planned


def test_role_that_goes_leaves_the_mention_of_a_frame_without_a_role() -> None:
    marked = regions.region("t", "role", ["traveller"], Span(0, 6), TEXT)
    assert labels(rewrite_all(marked, frame="Move")) == ["person"]
    given_up = msgspec.structs.replace(PLAN, roles={"Move": {"traveller": ""}})
    done = rewrite_all(marked, plan=given_up, frame="Move")
    assert (labels(done), len(done.uncarried)) == (["mention"], 1)


def test_what_was_no_annotation_before_is_left_as_it_is() -> None:
    odd = [
        7, None, {}, {"type": "labels"},
        {"type": "labels", "from_name": "entity", "value": {"labels": ["NOPE"]}, "id": []},
        {"type": "relation", "from_id": [], "labels": ["place"]},
        {"type": "relation", "from_id": [], "to_id": "y", "labels": ["continued"]},
        {"type": "relation", "from_id": "x", "to_id": "y", "labels": 5},
        {"type": "relation", "from_id": "x", "to_id": "y", "labels": []},
        {"type": "choices", "from_name": "attribute-mood", "value": 3},
        {"type": "choices", "from_name": "attribute-realis", "value": {}},
        choice("x", "realis", "perhaps"),
        {"id": "t", "from_name": "excluded", "type": "labels", "value": {"labels": ["excluded"]}},
    ]  # fmt: skip
    done = rewrite_all(*odd)
    assert done.uncarried == ()
    assert done.origins == tuple(range(len(odd)))
    assert [r for r, before in zip(done.results, odd, strict=True) if r != before] == [
        {**choice("x", "realis", "perhaps"), "from_name": "attribute-modality"}
    ]


def test_what_the_new_rules_refuse_is_named_before_anything_is_touched() -> None:
    """FORCE may not travel in the new ontology; two mentions become the same."""
    travel = EventType(roles={"person": Role(fillers=("PER",))})
    stricter = msgspec.structs.replace(NEW, events={**NEW.events, "Travel": travel})
    twice = region("o", "Troops", "ORG")
    found = [
        TROOPS,
        twice,
        FLEW,
        regions.arrow("f", "t", "traveller"),
        regions.arrow("f", "gone", "traveller"),
    ]
    done = rewrite.checked(found, DOCUMENT, PLAN, OLD, stricter)
    assert [(gone.index, gone.message.split(":")[0]) for gone in done.uncarried] == [
        (1, "duplicate"),
        (3, "filler-not-allowed"),
    ]  # the arrow to nowhere was refused before


def test_shipped_gold_goes_over_as_counted_and_is_sound_under_the_new_ontology() -> None:
    corpus = library.open("mazar-2021")
    gold, documents = corpus.layer("gold"), {d.id: d for d in corpus.documents()}
    moved, before, after = Counter[str](), Counter[str](), Counter[str]()
    for id, annotations in gold.items():
        carried, rewritten = rewrite.carry(annotations, documents[id], PLAN, OLD, NEW)
        assert rewritten.uncarried == ()
        assert annotation_faults(carried, documents[id], NEW) == []
        assert [(m.id, m.spans, m.cluster) for m in carried.mentions] == [
            (m.id, m.spans, m.cluster) for m in annotations.mentions
        ]
        moved += Counter(rewritten.moved)
        before += Counter(m.type for m in annotations.mentions) + Counter(e.type for e in annotations.events)
        after += Counter(m.type for m in carried.mentions) + Counter(e.type for e in carried.events)
    airstrikes = sum(e.attributes.get("mode") == "airstrike" for a in gold.values() for e in a.events)
    assert airstrikes > 0
    assert (
        after["FORCE"]
        == before["MIL"] + before["ORG"]
        == moved["entity MIL -> FORCE"] + moved["entity ORG -> FORCE"]
    )
    assert after["Travel"] == before["Move"]
    assert (after["Airstrike"], after["Attack"]) == (airstrikes, before["Attack"] - airstrikes)
    assert after.total() == before.total()


def test_plan_that_names_nothing_changes_nothing() -> None:
    corpus = library.open("mazar-2021")
    documents = {d.id: d for d in corpus.documents()}
    for id, annotations in corpus.layer("gold").items():
        carried, rewritten = rewrite.carry(annotations, documents[id], Moves(), OLD, OLD)
        assert carried == annotations
        assert (rewritten.uncarried, rewritten.moved) == ((), {})


def test_discontinuous_mention_is_split_as_one() -> None:
    """Its type depends on an attribute, which stands at its first region only."""
    parted = Annotations(
        document="d",
        sha256=DOCUMENT.sha256,
        mentions=(Mention(id="m", type="MIL", spans=(Span(0, 6),)),),
        events=(
            Event(
                id="e",
                type="Attack",
                trigger=(Span(22, 26), Span(27, 33)),
                attributes={"mode": "airstrike"},
                arguments=(Argument(role="attacker", mention="m"),),
            ),
        ),
    )
    carried, rewritten = rewrite.carry(parted, DOCUMENT, PLAN, OLD, NEW)
    assert rewritten.uncarried == ()
    assert [(e.type, e.trigger) for e in carried.events] == [("Airstrike", parted.events[0].trigger)]


def test_values_of_attributes_that_go_are_named() -> None:
    calmer = msgspec.structs.replace(
        NEW, attributes={"modality": Attribute(on="event", values={"asserted": Value()}, default="asserted")}
    )
    done = rewrite.rewrite(
        [FLEW, choice("f", "realis", "planned"), choice("f", "polarity", "negative")], PLAN, OLD, calmer
    )
    assert [gone.label for gone in done.uncarried] == ["planned", "negative"]


def test_the_plan_in_the_documents_is_sound() -> None:
    page = (Path(__file__).parent.parent / "docs" / "labelstudio.md").read_text("utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    said = [fault.message for fault in mapping.check(mapping.decode(block), OLD, OLD)]
    # It names three things of a new ontology that the page does not show.
    assert ["the new ontology has no" in message for message in said] == [True] * 3


def test_the_skeleton_of_a_plan_has_a_comment_for_each_label_that_is_no_more() -> None:
    old = ontologies.decode("""
name = "x"
version = "1"
[entities.MIL]
[entities.PER]
[events."Life.Die".roles]
victim = { fillers = ["PER"] }
cause = { fillers = [] }
[attributes.realis]
on = "event"
values = { actual = {}, other = {} }
""")
    new = ontologies.decode("""
name = "x"
version = "2"
[entities.MILITARY]
[entities.PER]
[events."Life.Die".roles]
victim = { fillers = ["PER"] }
[attributes.realis]
on = "event"
values = { actual = {} }
""")
    text = mapping.skeleton(old, new)
    assert text.splitlines() == [
        "[entities]",
        '# MIL = "…"  # or "" to give it up; nearest: MILITARY',
        '[roles."Life.Die"]',
        '# cause = "…"  # or "" to give it up; there are: victim',
        "[values.realis]",
        '# other = "…"  # or "" to give it up; there are: actual',
    ]
    assert mapping.decode(text) == mapping.Moves(roles={"Life.Die": {}}, values={"realis": {}})
    assert mapping.skeleton(old, old) == ""
