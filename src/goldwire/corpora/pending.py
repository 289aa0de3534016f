"""Changes of several files of a corpus that happen all or not at all.

    CORPUS/.goldwire.pending/      the new files, while they are moved to their places

That folder appears whole: from then on the change is decided. Whoever opens the corpus after a kill in
between moves the rest.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from goldwire.corpora.atomic import sync, write_folder
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.lock import locked

PENDING = ".goldwire.pending"  # the folder of files of a change that is decided on and not done yet


def replace(corpus: Path, files: Mapping[str, bytes]) -> None:
    """Put files, by name within a corpus directory, in their places; one without content is taken away.

    Call it under the lock. Raises `CorpusError`, and changes nothing, if there is no room for them.
    """
    write_folder(corpus / PENDING, files)
    finish(corpus)


def finish(corpus: Path) -> None:
    """Move what is pending in a corpus directory to its place; `CorpusError` if that cannot be."""
    folder = corpus / PENDING
    try:
        with locked(corpus, "finishes a change that was begun"):
            if folder.is_dir():  # else somebody else has done it meanwhile
                _move(folder, corpus)
    except (OSError, CorpusError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CorpusError(
            f"{folder}: a change of the corpus was begun and is not finished, and cannot be by you ({why}); "
            f"run any command on it as somebody who may write there"
        ) from error


def _move(folder: Path, corpus: Path) -> None:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        place = corpus / file.relative_to(folder)
        if file.stat().st_size:
            place.parent.mkdir(parents=True, exist_ok=True)
            file.replace(place)
        else:
            place.unlink(missing_ok=True)
            file.unlink()
        if place.parent.is_dir():
            sync(place.parent)
    shutil.rmtree(folder)
