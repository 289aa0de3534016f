"""Settings of a project that are not as they should be, and whose they are; labels that would be lost."""

from __future__ import annotations

import hashlib
import html
import re
from typing import Any

import msgspec

from goldwire.annotate.exchange import controls as declared
from goldwire.annotate.sync import remembered
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.picking import BY_ID
from goldwire.annotate.sync.put import Put
from goldwire.corpora.errors import DataError

_TAG = re.compile(r"<[^>]*>")


class Differences(msgspec.Struct, frozen=True):
    """Fields of a project that are not as they should be, and the names of those that are somebody else's."""

    to_set: dict[str, Any] = {}
    newer: tuple[str, ...] = ()


def differences(project: Project, wanted: dict[str, Any], put: Put | None = None) -> Differences:
    """The fields of a project that are not as they should be, and of them those that are not as `put` says.

    The server takes styles and some white space away from what it is given; that is no difference. What the
    configuration remembers is one, and never somebody else's: the newest of it is what is wanted.
    """
    to_set, newer = {}, list[str]()
    for name, value in wanted.items():
        there = getattr(project, name)
        if plain(name, there) == plain(name, value):
            if name == "label_config" and remembered.read(there) != remembered.read(value):
                to_set[name] = value
        elif put is not None and not _is_ours(name, there, put):
            newer.append(name)
        else:
            to_set[name] = value
    return Differences(to_set, tuple(newer))


def _is_ours(name: str, there: Any, put: Put) -> bool:
    """Whether a field is as this clone has put it, or as the server makes it."""
    return (name, there) == ("sampling", BY_ID) or setting_digest(name, there) in put.settings.get(name, ())


def setting_digest(name: str, value: Any) -> str:
    """What a field of a project comes to, as far as the server keeps it."""
    return hashlib.sha256(msgspec.json.encode(plain(name, value))).hexdigest()[:16]


def plain(name: str, value: Any) -> Any:
    """An instruction as its words, a configuration without the space around it and what it remembers."""
    if not isinstance(value, str):
        return value
    if name == "expert_instruction":
        return " ".join(html.unescape(_TAG.sub(" ", value)).split())
    return remembered.without(value).strip()


def lost_labels(old: str, new: str) -> tuple[str, ...]:
    """The labels, arrows and values of a configuration that another one does not have, by control.

    Label Studio takes such a configuration without a word, and shows what was labelled so no more.
    """
    before, after = _vocabulary(old), _vocabulary(new)
    return tuple(sorted(before - after))


def _vocabulary(xml: str) -> set[str]:
    try:
        found = declared.parse(xml)
    except DataError:
        return set()  # nothing that could hold annotations of text
    values = {f"{c.name}: {value}" for c in found.controls.values() for value in c.values}
    return {*values, *(f"arrow: {arrow}" for arrow in found.arrows)}
