"""Files of parts: named after what they hold, and believed only if every byte is as it was written."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.parts import Part
from goldwire.eval.parts import file
from goldwire.eval.parts.file import Header

HEADER = Header(kind="score", name="a1b2c3", part="17/400", alike={"layers/gold": "0f", "seed": "0"})


def test_a_part_file_is_read_as_it_was_written(tmp_path):
    path = file.write(tmp_path, HEADER, file.encode(HEADER, b"payload\n\x00"))
    found = file.check(path)
    assert found.payload() == b"payload\n\x00"
    assert msgspec.structs.replace(found.header, size=0) == HEADER
    assert found.header.number == Part(17, 400)
    assert file.read_header(path) == found.header
    assert file.is_sound(path, HEADER)
    assert not file.is_sound(path, msgspec.structs.replace(HEADER, part="16/400"))


def test_its_name_says_what_it_holds(tmp_path):
    path = file.write(tmp_path, HEADER, file.encode(HEADER, b""))
    assert path.name == f"score-a1b2c3-00017-of-00400-{HEADER.content}.part"
    other = msgspec.structs.replace(HEADER, alike={**HEADER.alike, "layers/gold": "10"})
    assert other.file != HEADER.file
    part = msgspec.structs.replace(HEADER, part="18/400")
    assert part.content == HEADER.content
    assert path.match(part.pattern)
    run = msgspec.structs.replace(HEADER, kind="run", name="small/2" + "x" * 300)
    assert "/" not in run.file
    assert len(run.file) < 200


def test_its_first_line_can_be_read_by_people_and_its_end_is_the_digest_of_the_rest():
    data = file.encode(HEADER, b"payload")
    line = data.split(b"\n")[0]
    assert msgspec.json.decode(line)["part"] == "17/400"
    assert data[-32:] == hashlib.sha256(data[:-32]).digest()


WHOLE = file.encode(HEADER, b"some payload")


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_file_with_any_byte_changed_is_refused(tmp_path_factory, place, change):
    data = bytearray(WHOLE)
    data[place] ^= change
    path = tmp_path_factory.getbasetemp() / "changed.part"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"changed\.part"):
        file.check(path)
    assert not file.is_sound(path, HEADER)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "not a part file"),
        (b"{}\n", "not a part file"),
        (b'{"format":4,"created":"2026-11-29"}\n', "not a part file"),  # a record: its format is another
        (b'{"a": 1}', "not a part file"),
        (b"PK\x03\x04", "not a part file"),
        (WHOLE[:-1], "cut off"),
        (WHOLE + b"x", "more was put behind it"),
        (WHOLE.replace(b"17/400", b"17/016"), "not a part file"),
        (WHOLE.replace(b'"format":1', b'"format":2'), "newer than this Goldwire reads"),
    ],
)
def test_what_is_no_sound_part_file_is_refused_with_the_reason(tmp_path, data, told):
    path = tmp_path / "x.part"
    path.write_bytes(data)
    with pytest.raises(DataError, match=told):
        file.check(path)


def test_what_cannot_be_read_is_told(tmp_path):
    with pytest.raises(CorpusError, match="cannot be read"):
        file.check(tmp_path / "none.part")
    with pytest.raises(CorpusError, match="cannot be read"):
        file.check(tmp_path)
    assert not file.is_sound(tmp_path / "none.part", HEADER)
