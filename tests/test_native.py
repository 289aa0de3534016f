"""The own form: layers come back as they are; predictions in the simple form are completed or refused."""

import json
from pathlib import Path

import pytest

from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.formats import Reading, native
from goldwire.corpora.formats.native import Options
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Rejected, Span

DOCUMENT = make_document("a", "Rebels attacked Balkh on Monday.")
#                              0      7        16    22 25
ARGUMENT = {"role": "r", "spans": [[0, 6]]}


def read(tmp_path: Path, *lines: object) -> Reading:
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return native.read([path], Options(), [DOCUMENT])


def test_simple_form_gets_ids_and_its_arguments_their_mentions(tmp_path: Path) -> None:
    line = {
        "document": "a",
        "mentions": [
            {"type": "MIL", "spans": [[0, 6]], "text": "Rebels"},
            {"type": "GPE", "spans": [[16, 21]], "id": "m1"},
        ],
        "events": [
            {
                "type": "Attack",
                "trigger": [[7, 15]],
                "arguments": [
                    {"role": "attacker", "spans": [[0, 6]]},
                    {"role": "target", "mention": "m1"},
                    {"role": "time", "spans": [[25, 31]], "type": "TIME", "score": 0.5},
                ],
            }
        ],
    }  # fmt: skip
    reading = read(tmp_path, line)
    assert (reading.quarantined, reading.annotations[0].rejected) == ([], ())
    (item,) = reading.annotations
    assert item == Annotations(
        document="a",
        sha256=DOCUMENT.sha256,
        mentions=(
            Mention(id="m2", type="MIL", spans=(Span(0, 6),)),
            Mention(id="m1", type="GPE", spans=(Span(16, 21),)),
            Mention(id="m3", type="TIME", spans=(Span(25, 31),)),
        ),
        events=(
            Event(
                id="e1",
                type="Attack",
                trigger=(Span(7, 15),),
                arguments=(
                    Argument(role="attacker", mention="m2"),
                    Argument(role="target", mention="m1"),
                    Argument(role="time", mention="m3", score=0.5),
                ),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"document": "z"}, "unknown-document"),
        ({"mentions": []}, "no-document"),
        ({"document": 7, "mentions": []}, "no-document"),
    ],
)
def test_a_line_of_no_document_is_told_and_fails_none(tmp_path: Path, line: object, kind: str) -> None:
    reading = read(tmp_path, {"document": "a"}, line)
    assert [(item.unit, item.kind) for item in reading.quarantined] == [("document", kind)]
    assert reading.quarantined[0].where == f"{tmp_path}/x.jsonl:2"
    assert reading.annotations == [Annotations(document="a", sha256=DOCUMENT.sha256)]


@pytest.mark.parametrize(
    ("line", "kind", "reason"),
    [
        ('{"document": "a", "error": "out of memory"}', "failed", "out of memory"),
        ('{"document": "a", "sha256": "0"}', "text-changed", "made for another text (`sha256` differs)"),
        ('{"document": "a", "entities": []}', "malformed", "unknown field `entities`"),
        ('{"document": "a", "mentions": {}}', "malformed", "Expected `array`"),
        ('{"document": "a", "mentions": [{"type": "MI', "malformed", "not valid JSON"),
    ],
)
def test_a_line_that_says_nothing_of_its_document_fails_it(
    tmp_path: Path, line: str, kind: str, reason: str
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f'{line}\n{{"document": "b"}}\n')
    reading = native.read([path], Options(), [DOCUMENT, make_document("b", "Nothing.")])
    assert [(item.unit, item.kind, item.document) for item in reading.quarantined] == [
        ("document", kind, "a")
    ]
    a, b = reading.annotations
    assert (a.document, a.mentions, b.provenance.details) == ("a", (), {})
    assert reason in a.provenance.details["failed"]


def test_of_two_lines_of_a_document_the_first_counts(tmp_path: Path) -> None:
    mentions = [{"type": "MIL", "spans": [[0, 6]]}]
    reading = read(tmp_path, {"document": "a"}, {"document": "a", "mentions": mentions})
    assert [item.mentions for item in reading.annotations] == [()]
    assert [item.kind for item in reading.quarantined] == ["repeated-document"]
    assert reading.quarantined[0].value == {"document": "a", "mentions": mentions}


def test_an_item_that_does_not_fit_stays_in_the_line_as_rejected(tmp_path: Path) -> None:
    mention = {"type": "X", "spans": [[0, 5]], "text": "Rebels"}
    event = {"type": "X", "trigger": [[0, 6]], "arguments": [ARGUMENT]}
    reading = read(tmp_path, {"document": "a", "mentions": [mention], "events": [event]})
    assert [(item.unit, item.kind, item.message) for item in reading.annotations[0].rejected] == [
        ("mention", "words-differ", "the offsets give 'Rebel', the system says 'Rebels'"),
        ("argument", "no-mention", "no mention has these spans: list one, or give the argument a `type`"),
    ]
    assert reading.quarantined == []


def test_a_layer_with_rejected_units_goes_out_and_comes_back(tmp_path: Path) -> None:
    unit = Rejected(unit="mention", kind="unknown-type", message="'X' is no entity type", type="X")
    line = Annotations(document="a", sha256=DOCUMENT.sha256, rejected=(unit,))
    native.write(tmp_path / "x.jsonl", [DOCUMENT], {"a": line}, Options())
    assert native.read([tmp_path / "x.jsonl"], Options(), [DOCUMENT]).annotations == [line]


def test_offsets_in_another_unit_are_counted_anew_where_the_surface_proves_it(tmp_path: Path) -> None:
    emoji = make_document("a", "\N{ROCKET} Rebels")
    path = tmp_path / "x.jsonl"
    line = {"document": "a", "mentions": [{"type": "MIL", "spans": [[3, 9]], "text": "Rebels"}]}
    path.write_text(json.dumps(line))
    reading = native.read([path], Options(), [emoji])
    assert [mention.spans for mention in reading.annotations[0].mentions] == [(Span(2, 8),)]
    assert reading.notes == ["1 item(s) had offsets in UTF-16 units or bytes: counted anew"]


def test_file_of_which_no_line_is_in_the_form_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, {"document": "a", "entities": []}, {"document": "b", "entities": []})
    assert [fault.where for fault in caught.value.faults] == [f"{tmp_path}/x.jsonl:{i}" for i in (1, 2)]


def test_files_hold_no_texts(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="hold no texts"):
        native.read([tmp_path], Options())
