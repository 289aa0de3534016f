"""A vote decides what so many say of those who could, and never what a person has decided."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate import adjudicate as merging
from goldwire.annotate.adjudicate.votes import is_by_vote, verdict
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Event, Mention, Provenance, Span
from goldwire.eval.counting.counts import GOLD, SYSTEM_HITS
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.score import Options, score_corpus
from goldwire.testing import annotate

Call = Callable[..., Any]
CONFLICT = ontologies.read("conflict")
DOCUMENT = make_document("d", "Rebels shelled Kunduz, the city fell.")
MORE = make_document("e", "Snow fell.")
REBELS = Mention(id="x", type="MIL", spans=(Span(0, 6),))
PEOPLE = Mention(id="x", type="PER", spans=(Span(0, 6),))
KUNDUZ = Mention(id="y", type="GPE", spans=(Span(15, 21),))
SHELLED = Event(id="e", type="Attack", trigger=(Span(7, 14),))


def layers(*each: tuple[Mention | Event, ...]) -> dict[str, dict[str, Annotations]]:
    return {
        name: {
            "d": annotate(
                DOCUMENT,
                *(unit for unit in units if isinstance(unit, Mention)),
                events=tuple(unit for unit in units if isinstance(unit, Event)),
            )
        }
        for name, units in zip("abcde", each, strict=False)
    }


def merge(given: Any, majority: int | None, decisions: Any = (), **more: bool) -> merging.Adjudicated:
    return merging.adjudicate(given, [DOCUMENT], decisions, CONFLICT, majority=majority, **more)


def types(merged: merging.Adjudicated) -> list[str]:
    return [mention.type for mention in merged.annotations[0].mentions]


@pytest.mark.parametrize(
    ("says", "least", "expected"),
    [
        ({"a": True, "b": True, "c": False}, 2, True),
        ({"a": True, "b": False, "c": False}, 2, False),
        ({"a": True, "b": False}, 3, None),  # no three could say it
        ({"a": "planned", "b": "planned", "c": "actual"}, 2, "planned"),
        ({"a": "planned", "b": "other", "c": "actual"}, 2, None),
        ({"a": None, "b": None, "c": "planned"}, 2, ""),  # no value is what two give it
        ({"a": "x", "b": "x", "c": "y", "d": "y"}, 2, None),
    ],
)
def test_what_enough_say_of_those_who_could(says: Any, least: int, expected: Any) -> None:
    assert verdict(says, least) == expected


def test_a_unit_that_two_of_three_have_is_taken_and_its_line_says_that_nobody_decided_it() -> None:
    merged = merge(layers((REBELS, KUNDUZ), (REBELS,), (PEOPLE,)), 2)
    assert types(merged) == ["MIL"]  # two of three; PER and GPE one of three
    assert [(item.decision, item.vote, item.by) for item in merged.disagreements] == [
        (True, 2, ""), (False, 2, ""), (False, 2, ""),
    ]  # fmt: skip
    provenance = merged.annotations[0].provenance
    assert (merged.open, merged.voted, provenance.status) == (0, 3, "adjudicated")
    assert (provenance.details["majority"], provenance.details["voted"]) == (2, 3)


def test_attributes_are_voted_on_by_those_who_have_the_event() -> None:
    planned = msgspec.structs.replace(SHELLED, attributes={"realis": "planned"})
    merged = merge(layers((planned,), (planned,), (SHELLED,)), 2)
    assert merged.annotations[0].events[0].attributes == {"realis": "planned"}


def test_a_person_outvotes_the_vote() -> None:
    given = layers((REBELS,), (REBELS,), ())
    [item] = merge(given, 2).disagreements
    overruled = msgspec.structs.replace(item, decision=False)  # by hand, in a line that a vote decided
    assert not is_by_vote(overruled)
    merged = merge(given, 2, [overruled])
    assert (types(merged), merged.voted, merged.disagreements[0].vote) == ([], 0, 0)


def test_without_the_option_what_a_vote_decided_is_open_again() -> None:
    given = layers((REBELS,), (REBELS,), ())
    voted = merge(given, 2).disagreements
    assert merge(given, None, voted).open == 1
    assert merge(given, 3, voted).disagreements[0].decision is False  # two are not three


def test_documents_of_two_people_are_not_voted_on_and_counted() -> None:
    given = {**layers((REBELS,), ()), "c": {}}
    merged = merge(given, 2)
    assert (merged.open, merged.voted, merged.unvoted) == (1, 0, 1)


def test_what_one_person_did_is_taken_if_asked_for_and_marked() -> None:
    alone: Any = {**layers((REBELS, SHELLED)), "b": {}}
    assert merge(alone, None).alone == ("d",)
    merged = merge(alone, None, accept_single=True)
    assert (types(merged), merged.alone, merged.single) == (["MIL"], (), ("d",))
    provenance = merged.annotations[0].provenance
    assert (provenance.status, provenance.details["layers"], provenance.details["single"]) == (
        "adjudicated", ["a"], True,
    )  # fmt: skip


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    made = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), [DOCUMENT, MORE])
    for name, layer in layers((REBELS, KUNDUZ), (REBELS,), (PEOPLE, KUNDUZ)).items():
        made.write_layer(f"annotator/{name}", layer.values())
    return made


def test_the_vote_is_that_of_several_references(said_by: Call, corpus: Corpus) -> None:
    """Of three references `majority` takes what two have; so gold by vote has as many units, all found."""
    assert said_by("annotate", "adjudicate", corpus.path, "--majority", 2).code == 0
    names = [f"annotator/{name}" for name in "abc"]
    options = Options(references="majority")
    record = score_corpus(corpus, names, ["gold"], [parse("entity")], options=options)
    values = record.get_counts("gold", parse("entity")).values.sum(axis=0)
    assert len(corpus.layer("gold")["d"].mentions) == values[GOLD] == values[SYSTEM_HITS] == 2


@pytest.mark.parametrize(("majority", "names"), [(1, "abc"), (4, "abc"), (2, "ab")])
def test_a_vote_that_can_decide_nothing_is_refused(
    said_by: Call, corpus: Corpus, majority: int, names: str
) -> None:
    chosen = [word for name in names for word in ("--layers", name)]
    said = said_by("annotate", "adjudicate", corpus.path, *chosen, "--majority", majority)
    assert said.code == 2
    assert "or more, and a number from 2" in said.err
    assert "gold" not in corpus.layers()


def test_the_command_says_what_was_voted_and_what_one_person_did(said_by: Call, corpus: Corpus) -> None:
    corpus.write_layer("annotator/a", [*corpus.layer("annotator/a").values(), annotate(MORE)])
    said = said_by("annotate", "adjudicate", corpus.path, "--majority", 2, "--accept-single")
    assert "decided by vote: 3" in said.out
    assert "taken as one person did them: 1 document(s)" in said.out


@pytest.mark.parametrize(("of_b", "kept"), [("none", "none"), ("system/x", None)])
def test_what_all_were_shown_stands_in_the_line(of_b: str, kept: str | None) -> None:
    given = layers((REBELS,), (REBELS,))
    for name, layer in (("a", "none"), ("b", of_b)):
        shown = Provenance(details={"prefill": layer})
        given[name]["d"] = msgspec.structs.replace(given[name]["d"], provenance=shown)
    assert merge(given, None).annotations[0].provenance.details.get("prefill") == kept
