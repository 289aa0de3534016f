"""What a pull leaves alone; what it brings is tested with a server in tests/live."""

from pathlib import Path

from goldwire.annotate.exchange import store
from goldwire.annotate.exchange.importer import Imported, Reading
from goldwire.annotate.sync import pull
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Mention, Provenance, Rejected, Span

DOCUMENT = make_document("a", "Rebels fled.")
REBELS = Mention(id="m", type="MIL", spans=(Span(0, 6),))
BAD = Rejected(unit="mention", kind="unknown-type", message="'X' is no entity type", type="X")


def test_lines_of_before_stay_where_everything_that_came_was_rejected(tmp_path: Path) -> None:
    """Neither written over, nor taken for withdrawn, now or by the next pull."""
    corpus = create_corpus(tmp_path / "c", Manifest(name="c"), [DOCUMENT])
    line = Annotations(
        document="a", sha256=DOCUMENT.sha256, mentions=(REBELS,), provenance=Provenance(tool="label-studio")
    )
    corpus.write_layer("annotator/4", [line])
    pull._note_pulled(corpus, "g", {"annotator/4": {"a": line}}, ())
    bad = Annotations(document="a", sha256=DOCUMENT.sha256, rejected=(BAD,))
    reading = Reading(layer="annotator/4", author="4", kind="submitted", annotations=bad)
    imported = Imported(readings=(reading,), rejected=(BAD,), found={}, lost={}, repaired={})
    refused = store.all_rejected(corpus, [reading])
    assert refused == ("annotator/4",)
    lines, went = pull._lines(corpus, "g", [imported], refused)
    assert ("annotator/4" in lines, went) == (False, {})
    pull._note_pulled(corpus, "g", lines, refused)
    assert pull._read_pulled(corpus) == {"g": {"annotator/4": ["a"]}}
