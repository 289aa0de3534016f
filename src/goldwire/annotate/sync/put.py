"""Keeps what this clone of a corpus last put into a project, so that what others put there since is told.

    CORPUS/labelstudio/NAME/put.json      digests of the project's fields and of each task's data

What is about to be put is noted before it is sent, beside what was there: killed at any moment, neither the
old nor the new is taken for somebody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from goldwire.annotate.sync.people import read_json
from goldwire.corpora.atomic import write_atomic

PUT = "put.json"
Digests = dict[str, tuple[str, ...]]


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """Digests by the name of a field, and by the id of a task.

    Several where a push was not seen to its end. `marked` tells what the mark of a run stands for in a task
    (`prefill.Marked`).
    """

    settings: Digests = {}
    tasks: Digests = {}
    marked: dict[str, tuple[str, str]] = {}

    def with_more(self, settings: Mapping[str, str], tasks: Mapping[str, str]) -> Put:
        """These too."""
        return msgspec.structs.replace(
            self, settings=_added(self.settings, settings), tasks=_added(self.tasks, tasks)
        )

    def without(self, keys: Collection[str]) -> Put:
        """All but what was noted of these tasks."""
        return msgspec.structs.replace(
            self,
            tasks={key: digests for key, digests in self.tasks.items() if key not in keys},
            marked={key: meant for key, meant in self.marked.items() if key not in keys},
        )

    def replaced(self, settings: Mapping[str, str], tasks: Mapping[str, str]) -> Put:
        """These in place of what was noted of the same fields and tasks."""
        return msgspec.structs.replace(
            self,
            settings={**self.settings, **{name: (digest,) for name, digest in settings.items()}},
            tasks={**self.tasks, **{key: (digest,) for key, digest in tasks.items()}},
        )

    def with_marks(self, marked: Mapping[str, tuple[str, str]]) -> Put:
        """These too, in place of others of the same tasks."""
        return msgspec.structs.replace(self, marked={**self.marked, **marked})


def _added(old: Digests, new: Mapping[str, str]) -> Digests:
    return {**old, **{name: tuple({*old.get(name, ()), digest}) for name, digest in new.items()}}


def read(folder: Path) -> Put | None:
    """What was noted; None if nothing was. Raises `CorpusError` if the file is damaged."""
    return read_json(folder / PUT, Put)


def write(folder: Path, put: Put) -> None:
    """Note it, in place of what was noted."""
    write_atomic(folder / PUT, msgspec.json.encode(put))
