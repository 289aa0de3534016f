"""A record that contradicts itself is refused, with every place, before anything is made of it."""

import json
from typing import Any

import pytest

from goldwire.corpora.errors import DataError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.gate.baseline import decode_baseline, encode_baseline, make_baseline
from goldwire.eval.gate.policy import read as read_policy
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.files import decode_record, encode_record
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import score


@pytest.fixture(scope="module")
def record() -> Record:
    documents = [make_document(f"d{i}", f"Kabul and Herat, {i}") for i in range(3)]
    layers = {
        side: [
            Annotations(
                document=document.id,
                sha256=document.sha256,
                mentions=tuple(
                    Mention(id=f"m{start}", type="GPE", spans=(Span(start, start + 5),)) for start in starts
                ),
            )
            for document in documents
        ]
        for side, starts in (("gold", (0, 10)), ("mine", (0,)))
    }
    return score(layers["gold"], {"mine": layers["mine"]}, documents, [parse("entity:span+type@exact")])


def changed(record: Record, path: str, value: Any) -> bytes:
    raw = json.loads(encode_record(record))
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    place = raw
    for part in way:
        place = place[part]
    place[last] = value
    return json.dumps(raw).encode()


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("counts.0.patterns.0.0.0", 7, "$.counts[0].patterns[0]: there is no label of index 7, of 1"),
        ("counts.0.patterns.0.0.0", -1, "there is no label of index -1"),
        ("counts.0.patterns.0.0.0", 10**21, "there is no label of index 1000000000000000000000"),
        ("counts.0.patterns.0.0.0", 10**400, "there is no label of index 1000"),
        ("counts.0.patterns.0.0.2", -2.0, "numbers are 0 or more"),
        ("counts.0.patterns.0.0.2", 1e300, "less than 2^53"),
        ("counts.0.documents", [0, 0], "$.counts[0].documents: 2 for 3 documents of the record"),
        ("counts.0.documents", [0, 0, 1], "there is no pattern of index 1, of 1"),
        ("counts.0.documents", [0, 0, -1], "there is no pattern of index -1"),
        (
            "counts.0.times",
            [3],
            "$.counts[0].times: stands only in a record that does not name its documents",
        ),
        ("counts.0.labels", ["GPE", "GPE"], "a label stands there twice"),
        ("counts.0.system", "other", "of a system 'other' that the record does not have"),
        ("documents", ["d0", "d1", "d1"], "$.documents: a document stands there twice"),
        ("groups", [0, 1], "$.groups: 2 groups for 3 documents"),
        ("groups", [0, 1, -1], "$.groups: numbers are 0 or more"),
        ("gold.missing", -1, "$.gold.missing: got -1"),
        ("systems.0.failed", -3, "$.systems[0].failed: got -3"),
        ("systems.0.rejected", {"malformed": -1}, "$.systems[0].rejected"),
        ("results.0.gold_collapsed", -1, "$.results[0]"),
        ("results.0.averages.micro.gold", -1.0, "$.results[0]"),
    ],
)
def test_what_contradicts_the_rest_is_named_with_its_place(
    record: Record, path: str, value: Any, told: str
) -> None:
    with pytest.raises(DataError) as caught:
        decode_record(changed(record, path, value), "r.json")
    assert told in str(caught.value)
    assert "r.json: not a record, or damaged" in str(caught.value)


def test_a_sound_record_passes(record: Record) -> None:
    assert decode_record(encode_record(record)) == record


def test_a_baseline_whose_counts_were_changed_is_damaged_and_no_loss(record: Record) -> None:
    """The one mention was found, so F is 1; without the hit it would be 0, and the gate would say so."""
    policy = read_policy("strict")
    measures = [parse(measure) for measure in policy.measures()]
    documents = [make_document("d0", "Kabul and Herat")]
    line = Annotations(document="d0", sha256=documents[0].sha256, mentions=(
        Mention(id="m1", type="GPE", spans=(Span(0, 5),)),
    ))  # fmt: skip
    made = make_baseline(score([line], {"mine": [line]}, documents, measures), policy)
    assert decode_baseline(encode_baseline(made)) == made
    raw = json.loads(encode_baseline(made))
    raw["record"]["counts"][0]["patterns"][0][0][1] = 0.0
    raw["record"]["counts"][0]["patterns"][0][0][3] = 0.0
    with pytest.raises(DataError, match=r"\$.record.results\[0\].value: is 1.000000, but the counts give 0"):
        decode_baseline(json.dumps(raw).encode())


def test_a_baseline_whose_hits_are_no_digits_is_damaged(record: Record) -> None:
    raw = {"format": 2, "policy": "p", "record": json.loads(encode_record(record))}
    raw["hits"] = {"mine": {"entity:span+type@exact": {"d0": "zz"}}}
    with pytest.raises(DataError, match=r"\$.hits.mine.entity:span\+type@exact.d0: is no line of"):
        decode_baseline(json.dumps(raw).encode())
