"""The own form: layers come back as they are; predictions in the simple form are completed or refused."""

import json
from pathlib import Path

import pytest

from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.formats import Reading, own
from goldwire.corpora.formats.own import Options
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span

DOCUMENT = make_document("a", "Rebels attacked Balkh on Monday.")
#                              0      7        16    22 25
ARGUMENT = {"role": "r", "spans": [[0, 6]]}


def read(tmp_path: Path, *lines: object) -> Reading:
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return own.read([path], Options(), [DOCUMENT])


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
    assert reading.quarantined == []
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
    ("line", "reason"),
    [
        ({"document": "z"}, "the corpus has no document of this id"),
        ({"document": "a", "sha256": "0"}, "made for another text: the hashes differ"),
        ({"mentions": []}, "no `document` is named"),
        ({"document": "a", "error": "out of memory"}, "the system failed: out of memory"),
        (
            {"document": "a", "mentions": [{"type": "X", "spans": [[0, 5]], "text": "Rebels"}]},
            "the offsets give 'Rebel', the system says 'Rebels'",
        ),
        (
            {"document": "a", "events": [{"type": "X", "trigger": [[0, 6]], "arguments": [ARGUMENT]}]},
            "no mention has these spans: list one, or give the argument a `type`",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_reason(tmp_path: Path, line: object, reason: str) -> None:
    assert [q.reason for q in read(tmp_path, line).quarantined] == [reason]


def test_offsets_in_another_unit_are_counted_anew_where_the_surface_proves_it(tmp_path: Path) -> None:
    emoji = make_document("a", "\N{ROCKET} Rebels")
    path = tmp_path / "x.jsonl"
    line = {"document": "a", "mentions": [{"type": "MIL", "spans": [[3, 9]], "text": "Rebels"}]}
    path.write_text(json.dumps(line))
    reading = own.read([path], Options(), [emoji])
    assert [mention.spans for mention in reading.annotations[0].mentions] == [(Span(2, 8),)]
    assert reading.notes == ["1 item(s) had offsets in UTF-16 units or bytes: counted anew"]


def test_file_that_is_not_in_the_form_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="unknown field `entities`"):
        read(tmp_path, {"document": "a"}, {"document": "a", "entities": []})


def test_files_hold_no_texts(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="hold no texts"):
        own.read([tmp_path], Options())
