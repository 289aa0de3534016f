"""Articles from web pages, by trafilatura (the extra `html`): its text and metadata, not ours."""

from __future__ import annotations

from pathlib import Path

from goldwire.corpora import extras
from goldwire.corpora.encodings import normalise
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.rows import Row
from goldwire.corpora.types import Meta


def decode_html(data: bytes, path: Path) -> Row:
    """The article of a page; its id is the name of the file. `DataError` if there is no article in it."""
    trafilatura = extras.load("trafilatura", "html", f"{path}: pages need trafilatura")
    page = trafilatura.bare_extraction(data, with_metadata=True, include_comments=False)
    if page is None or isinstance(page, dict) or not page.text:
        raise DataError(
            f"{path}: no article", [Fault(str(path), "", "trafilatura finds no article in the page")]
        )
    meta = Meta(
        title=page.title or None,
        source=page.sitename or None,
        published=page.date or None,
        url=page.url or None,
        language=page.language or None,
    )
    return Row(where=str(path), id=path.stem, text=normalise(page.text), meta=meta)
