"""Folders of a file for each document, in which another layer may have left some."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from goldwire.corpora.coverage import named
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.lock import locked


@contextmanager
def filling(path: Path, names: Collection[str], endings: Collection[str]) -> Iterator[None]:
    """Fill a folder with annotations of some `names`, alone.

    Raises `CorpusError` if it has other files of these `endings`: their documents would be taken for judged
    ones.
    """
    with locked(path, "corpus export"):  # files of two layers are not to be mixed
        found = sorted(str(item.relative_to(path)) for item in path.rglob("*") if item.suffix in endings)
        if others := [name for name in found if name not in names]:
            ending = ", ".join(sorted({Path(name).suffix for name in others}))
            told = f"has {len(others)} {ending} file(s) that this layer does not cover ({named(others)})"
            raise CorpusError(
                f"{path}: {told}; they would be read as judged documents: empty the folder or name another"
            )
        yield
