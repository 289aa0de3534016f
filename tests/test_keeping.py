"""Records are kept: what is there of other systems stays, unless it could not stand beside new results."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire import testing
from goldwire.corpora.errors import JudgementError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.comparison.keeping import iter_unlike, keep, merge
from goldwire.eval.scoring.files import encode_record, read_record, write_record
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import Options, score

DOCUMENTS = [make_document(f"d{i}", "Rebels took Kunduz and Balkh.") for i in range(4)]
KUNDUZ, BALKH, REBELS = (12, 18), (23, 28), (0, 6)
MEASURES = ["entity", "overlap", "entity,average=macro"]
GOLD = [[KUNDUZ, BALKH]] * 4
Places = list[list[tuple[int, int]]]


def layer(places: Places, documents: list[Document] = DOCUMENTS) -> list[Annotations]:
    return testing.layer(documents, [[(place, "GPE") for place in found] for found in places])


def scored(
    gold: Places = GOLD, measures: list[str] = MEASURES, stream: bool = False, **systems: Places
) -> Record:
    options = Options(trials=50, stream=stream)
    layers = {name: layer(places) for name, places in systems.items()}
    return score(layer(gold), layers, DOCUMENTS, measures, options=options)


HALF: Places = [[KUNDUZ]] * 4  # P 1, R 1/2: F 2/3 by any measure of these
NONE: Places = [[]] * 4
ALL: Places = GOLD

found = st.lists(
    st.lists(st.sampled_from([KUNDUZ, BALKH, REBELS]), unique=True, max_size=3), min_size=4, max_size=4
)


@settings(max_examples=25)
@given(found, found, found, st.booleans())
def test_scored_one_after_another_a_record_is_what_scoring_together_gives(
    a: Places, b: Places, c: Places, stream: bool
) -> None:
    together = scored(a=a, b=b, c=c, stream=stream)
    one = scored(a=NONE, b=b, stream=stream)
    assert merge(one, scored(a=a, c=c, stream=stream)) == together


def test_a_system_scored_by_itself_leaves_the_others_in_place(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    keep(scored(old=HALF, mine=NONE), path)
    kept = keep(scored(mine=ALL), path)
    assert [system.name for system in kept.record.systems] == ["old", "mine"]
    assert read_record(path) == kept.record == scored(old=HALF, mine=ALL)
    assert kept.notes == (
        "kept from before, not scored now: old",
        ("moved: mine: entity 0.0 -> 100.0, overlap 0.0 -> 100.0, entity,average=macro 0.0 -> 100.0"),
    )


def test_a_new_system_joins_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    assert keep(scored(old=HALF), path).notes == ()
    assert keep(scored(mine=ALL), path).notes == ("kept from before, not scored now: old",)
    assert [system.name for system in read_record(path).systems] == ["old", "mine"]


def test_a_record_whose_systems_are_all_scored_again_is_replaced_whatever_else_changed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r.json"
    keep(scored(mine=HALF), path)
    again = scored(gold=HALF, measures=["entity"], mine=HALF, more=ALL)
    notes = keep(again, path).notes
    assert read_record(path) == again
    assert [note.partition(" (")[0] for note in notes] == [
        "not as before: gold: gold",
        "not as before: measures: 3",
        "moved: mine: entity 66.7 -> 100.0",  # P 1, R 1/2 before
    ]


def test_scored_again_without_a_change_nothing_moved(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    keep(scored(mine=HALF), path)
    assert keep(scored(mine=HALF), path).notes == ("no figure moved",)


def test_a_move_too_small_to_be_shown_is_shown_with_more_digits(tmp_path: Path) -> None:
    path, record = tmp_path / "r.json", scored(measures=["entity"], mine=HALF)
    results = tuple(msgspec.structs.replace(result, value=0.66671) for result in record.results)
    write_record(msgspec.structs.replace(record, results=results), path)
    assert keep(record, path).notes == ("moved: mine: entity 66.671 -> 66.667",)


CHANGED: list[tuple[dict[str, Any], str]] = [
    ({"gold": {"layer": "gold2"}}, "gold: gold2 ("),
    ({"gold": {"fingerprint": "000"}}, "gold: gold (000), now gold ("),
    ({"corpus": {"fingerprint": "000"}}, "corpus: corpus  (000), now corpus"),
    ({"ontology": {"name": "o", "version": "1", "fingerprint": "000"}}, "ontology: o 1 (000), now none"),
    ({"documents": ["d0", "d1", "d2", "x"]}, "documents: 4 (x only there), now 4 (d3 only there)"),
    ({"documents": [], "texts": [], "counts": [], "findings": []}, "documents: not named (--stream), now 4"),
    ({"groups": [0, 0, 1, 2]}, "groups of near-duplicates: 3, now none"),
    (
        {"measures": ["entity:span+type@exact"]},
        "measures: 1, now 3 (entity,average=macro, overlap only there)",
    ),
    ({"policies": {"duplicates": "refuse"}}, "policy duplicates: refuse, now set"),
    ({"policies": {"unjudged": "empty"}}, "policy unjudged: empty, now left-out"),
    ({"suite": "conll"}, "suite: conll, now none"),
    ({"goldwire": "0.0.1"}, "goldwire: 0.0.1, now "),
]


@pytest.mark.parametrize(("change", "told"), CHANGED)
def test_results_of_another_kind_are_neither_mixed_nor_lost(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    path, now = tmp_path / "r.json", scored(mine=ALL)
    raw = json.loads(encode_record(scored(old=HALF)))
    for field, value in change.items():
        raw[field] = {**(raw.get(field) or {}), **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(raw))
    before = path.read_bytes()
    with pytest.raises(JudgementError) as caught:
        keep(now, path)
    assert told in str(caught.value)
    assert "has results of old" in str(caught.value)
    assert "--replace puts this record in its place, another --name than r keeps both" in str(caught.value)
    assert path.read_bytes() == before
    notes = keep(now, path, replace=True).notes
    assert read_record(path) == now
    assert "no longer in the record: old" in notes
    assert any(told in note for note in notes)


def test_how_tags_were_read_is_a_matter_of_layers_and_parts_no_records() -> None:
    one, two = (
        msgspec.structs.replace(record, policies={**record.policies, **tags})
        for record, tags in ((scored(old=HALF), {"tags": "conlleval"}), (scored(mine=ALL), {}))
    )
    assert list(iter_unlike(one, two)) == []
    assert merge(one, two).policies["tags"] == "conlleval"


@pytest.mark.parametrize("data", ["", "{", "[]", '{"format": 99}', '{"format": 2}'])
def test_what_cannot_be_read_is_not_written_over_unasked(tmp_path: Path, data: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(data)
    with pytest.raises(JudgementError, match="Nothing was written there: --replace"):
        keep(scored(mine=ALL), path)
    assert path.read_text() == data
    assert keep(scored(mine=ALL), path, replace=True).notes == (
        "what was there could not be read, and was replaced",
    )
    assert read_record(path) == scored(mine=ALL)


def test_a_record_whose_fingerprints_are_of_another_kind_is_not_gone_on_with(tmp_path: Path) -> None:
    """Nothing says that its gold is the same: what is left of it may be by another one."""
    path = tmp_path / "r.json"
    write_record(msgspec.structs.replace(scored(old=HALF), format=3), path)
    with pytest.raises(JudgementError, match="format, with fingerprints of another kind: 3, now 4"):
        keep(scored(mine=ALL), path)
    assert read_record(path).format == 3
    assert keep(scored(mine=ALL), path, replace=True).record == scored(mine=ALL)


def test_records_that_do_not_name_documents_are_kept_as_well(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    keep(scored(old=HALF, stream=True), path)
    assert keep(scored(mine=ALL, stream=True), path).record == scored(old=HALF, mine=ALL, stream=True)
    with pytest.raises(JudgementError, match=r"documents: not named \(--stream\), now 4"):
        keep(scored(mine=ALL), path)
