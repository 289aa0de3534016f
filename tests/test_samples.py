"""Each format that is read only has files of its own for the growth table, and they are read whole."""

import sys
from pathlib import Path

import pytest

from goldwire.corpora import convert, formats
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.store import make_document

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
import samples


@pytest.mark.parametrize("name", [name for name in formats.FORMATS if not formats.writes(name)])
def test_samples_are_recognised_and_read_whole(name: str, tmp_path: Path) -> None:
    documents = [make_document(f"d{i}", "Text of " + "word, word\n" * 3) for i in range(2)]
    places = [(8, 12), (19, 23)]
    paths = samples.write(name, tmp_path, documents, places)
    assert recognise(paths).format == name
    reading = convert.read(name, paths, {})
    assert len(reading.annotations) == 2
    assert not reading.quarantined
    for line in reading.annotations:  # MAVEN has events alone, PLOVER one participant
        assert max(len(line.mentions), len(line.events)) == (1 if name == "plover" else 2)
