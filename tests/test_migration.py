"""What a change of the ontology makes of tasks and layers is worked out without a server, losses and all."""

from typing import Any

import msgspec

from goldwire.annotate.migration import mapping
from goldwire.annotate.migration import plan as migration
from goldwire.annotate.migration.plan import Change, Context, Migration
from goldwire.annotate.sync.api import Project
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Rejected, Span

OLD = ontologies.decode("""
name = "x"
version = "1"
[entities.MIL]
[entities.PER]
[events.Attack.roles]
attacker = { fillers = ["MIL", "PER"] }
""")
NEW = ontologies.decode("""
name = "x"
version = "2"
[entities.FORCE]
[events.Attack.roles]
attacker = { fillers = ["FORCE"] }
""")
RENAMED = Change(old=OLD, new=NEW, moves=mapping.decode('[entities]\nMIL = "FORCE"\nPER = "FORCE"'))
SILENT = Change(old=OLD, new=NEW, moves=mapping.decode('[entities]\nMIL = "FORCE"'))
DOCUMENT = make_document("d", "Rebels attacked him.")
PROJECT = Project(id=1, title="p", created_at="", label_config="<View/>")


def region(id: str, label: str, start: int, end: int, control: str = "entity") -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]}
    return {"id": id, "from_name": control, "to_name": "text", "type": "labels", "value": value}


def task(text: str = DOCUMENT.text, **held: Any) -> dict[str, Any]:
    data = {"goldwire_id": "d", "document": "d", "text": text}
    return {"id": 7, "data": data, "annotations": [], "drafts": [], "predictions": [], **held}


def plan(change: Change, *tasks: dict[str, Any]) -> Migration:
    context = Context(documents={"d": DOCUMENT}, change=change)
    return migration.plan(PROJECT, tasks, context, {"label_config": "<New/>"})


def annotation(*result: Any, **more: Any) -> dict[str, Any]:
    return {"id": 3, "completed_by": 5, "result": [*result], **more}


def test_item_holds_before_and_after_and_the_settings_both_ways() -> None:
    made = plan(RENAMED, task(annotations=[annotation(region("m", "MIL", 0, 6))]))
    [item] = made.items
    assert (item.kind, item.id, item.task) == ("annotation", 3, 7)
    assert item.before == [region("m", "MIL", 0, 6)]
    assert item.after == [region("m", "FORCE", 0, 6)]
    assert made.moved == {"entity MIL -> FORCE": 1}
    assert (made.settings_before, made.settings_after) == (
        {"label_config": "<View/>"},
        {"label_config": "<New/>"},
    )


def test_skips_drafts_and_predictions_of_others_go_over_too() -> None:
    held = annotation(region("m", "MIL", 0, 6))
    made = plan(
        RENAMED,
        task(
            annotations=[{**held, "was_cancelled": True}],
            drafts=[{**held, "id": 4}],
            predictions=[{**held, "id": 5, "model_version": "theirs"}],
        ),
    )
    assert [(item.kind, item.id) for item in made.items] == [
        ("annotation", 3),
        ("draft", 4),
        ("prediction", 5),
    ]


def test_what_stays_as_it_is_is_not_touched() -> None:
    other = {"id": "n", "from_name": "note", "to_name": "text", "type": "textarea", "value": {"text": ["hm"]}}
    assert plan(RENAMED, task(annotations=[annotation(other), {"id": 9, "result": None}])).items == ()


def test_loss_says_whose_it_is_and_where() -> None:
    made = plan(SILENT, task(annotations=[annotation(region("p", "PER", 16, 19))]))
    [loss] = made.losses
    assert (loss.where, loss.key, loss.label, loss.planned) == ("annotation 3 of 5", "d", "PER", False)
    assert str(loss).startswith("annotation 3 of 5, d: PER: the new ontology has no place for PER")


def test_text_that_the_corpus_does_not_have_goes_over_unchecked() -> None:
    made = plan(RENAMED, task("Another text.", annotations=[annotation(region("m", "MIL", 0, 6))]))
    assert made.items[0].after == [region("m", "FORCE", 0, 6)]


LINE = Annotations(
    document="d",
    sha256=DOCUMENT.sha256,
    mentions=(
        Mention(id="r", type="MIL", spans=(Span(0, 6),)),
        Mention(id="h", type="PER", spans=(Span(16, 19),)),
    ),
    events=(
        Event(
            id="e",
            type="Attack",
            trigger=(Span(7, 15),),
            arguments=(Argument(role="attacker", mention="r"),),
        ),
    ),
)


def carry(line: Annotations, change: Change) -> tuple[Annotations, list[str]]:
    [carried], losses = migration.carry_layer("gold", {"d": line}, {"d": DOCUMENT}, change)
    return carried, [str(loss) for loss in losses]


def test_layer_goes_over_line_by_line() -> None:
    carried, losses = carry(LINE, RENAMED)
    assert [(m.id, m.type) for m in carried.mentions] == [("r", "FORCE"), ("h", "FORCE")]
    assert carried.events == LINE.events
    assert losses == []


def test_layer_names_what_the_plan_says_nothing_of_once() -> None:
    carried, losses = carry(LINE, SILENT)
    assert [mention.id for mention in carried.mentions] == ["r"]
    assert len(losses) == 1
    assert losses[0].startswith("layer gold, d: PER: ")


def test_mentions_that_become_the_same_are_named() -> None:
    twice = msgspec.structs.replace(
        LINE, mentions=(*LINE.mentions, Mention(id="q", type="PER", spans=(Span(0, 6),)))
    )
    carried, losses = carry(twice, RENAMED)
    assert len(carried.mentions) == 2
    assert any("q" in loss for loss in losses)


def test_what_was_not_sound_before_is_named() -> None:
    unsound = msgspec.structs.replace(
        LINE, mentions=(*LINE.mentions, Mention(id="x", type="DRAGON", spans=(Span(0, 6),)))
    )
    carried, losses = carry(unsound, RENAMED)
    assert "x" not in {mention.id for mention in carried.mentions}
    assert [loss for loss in losses if "not sound" in loss and '"x"' in loss]


def test_what_was_rejected_before_stays_as_it_was_given() -> None:
    unit = Rejected(unit="mention", kind="unknown-type", message="'X' is no entity type", type="X")
    carried, _ = carry(msgspec.structs.replace(LINE, rejected=(unit,)), RENAMED)
    assert carried.rejected == (unit,)
