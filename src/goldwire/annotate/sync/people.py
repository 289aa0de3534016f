"""Names of a server's people in the layers of a corpus.

CORPUS/labelstudio/pseudonyms.json      who is who; keep it apart from what you publish
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from goldwire.annotate.exchange import exports
from goldwire.annotate.exchange.store import FOLDER
from goldwire.annotate.sync import api
from goldwire.annotate.sync.client import Client, RefusedError
from goldwire.annotate.sync.mirror import Mirror
from goldwire.annotate.sync.remembered import Naming
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.lock import locked
from goldwire.corpora.store import Corpus

T = TypeVar("T")

PSEUDONYMS = "pseudonyms.json"


def names(
    client: Client, corpus: Corpus, there: Mirror, naming: Naming, given: Mapping[str, str]
) -> dict[str, str]:
    """Names of the people of an organisation, by id and by address; `given` ones go before all.

    Where the token may not list people, those are known of whom the tasks tell both, by their ids.
    """
    try:
        addresses = api.people(client)
    except RefusedError:
        told = exports.addresses(there.values())
        return {**given, **{address: given.get(address, given.get(id, id)) for address, id in told.items()}}
    if naming == "pseudonym":
        called = _pseudonyms(corpus, {id: addresses[id] for id in sorted(_authors(there) & addresses.keys())})
    elif naming == "address":
        called = by_address(addresses)
    else:
        called = {id: str(id) for id in addresses}
    wanted = {id: given.get(str(id), given.get(addresses[id], name)) for id, name in called.items()}
    by_id = {str(id): name for id, name in wanted.items()}
    return {**given, **by_id, **{addresses[id]: name for id, name in wanted.items()}}


def called(person: str, names: Mapping[str, str]) -> str:
    """What somebody is called whose project bears this name: by their whole address or that up to the @.

    Where nobody, or more than one, can be meant they are called as the project has it.

    >>> called("anna", {"4": "A1", "anna@a.org": "A1"}), called("cleo", {"4": "A1", "anna@a.org": "A1"})
    ('A1', 'cleo')
    """
    meant = {
        name for who, name in names.items() if person in (who, name) or person == _slug(who.partition("@")[0])
    }
    return meant.pop() if len(meant) == 1 else person


def by_address(addresses: Mapping[int, str]) -> dict[int, str]:
    """Names of people by their addresses up to the @, told apart by id where they are the same.

    >>> by_address({1: "ann@a.org", 2: "ann@b.org", 3: "b+c@a.org"})
    {1: 'ann-1', 2: 'ann-2', 3: 'b-c'}
    """
    plain = {id: _slug(address.partition("@")[0]) or str(id) for id, address in addresses.items()}
    times = Counter(name.lower() for name in plain.values())
    return {id: name if times[name.lower()] == 1 else f"{name}-{id}" for id, name in plain.items()}


def _slug(name: str) -> str:
    return re.sub(r"[^\w.]+", "-", name, flags=re.ASCII).strip("-_.")


def _authors(there: Mirror) -> set[int]:
    """The ids of those who have done anything."""
    entries = (entry for task in there.values() for _, entry in exports.entries(task))
    known = (exports.person(entry)[0] for entry in entries)
    return {int(id) for id in known if id is not None and id.isdecimal()}


def _pseudonyms(corpus: Corpus, addresses: Mapping[int, str]) -> dict[int, str]:
    """A1, A2 and so on, in the order in which people turn up; who has one keeps it."""
    path = corpus.path / FOLDER / PSEUDONYMS
    with locked(corpus.path, "names annotators"):
        known = read_json(path, dict[str, str]) or {}
        for address in addresses.values():
            known.setdefault(address, f"A{len(known) + 1}")
        write_atomic(path, msgspec.json.format(msgspec.json.encode(known), indent=1))
    return {id: known[address] for id, address in addresses.items()}


def read_json(path: Path, type: type[T]) -> T | None:
    """The value in a file of ours; None if there is none. Raises `CorpusError` if it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=type)
    except FileNotFoundError:
        return None
    except BROKEN as error:
        raise CorpusError(f"{path}: {error}; it is made anew if you delete it") from error
