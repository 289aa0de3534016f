"""Batch files: requests for engines that answer many at once, and their answers, as JSON lines.

DIR/NAME.requests.jsonl     what a system waits for now, in the form of OpenAI's batch API (`custom_id`,
                            `method`, `url`, `body`), which vLLM's `run-batch` reads too
DIR/**.jsonl                all others are answers (`custom_id`, `response`, `error`)
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from goldwire.corpora import secrets
from goldwire.corpora.atomic import make_folder, remove_stale
from goldwire.corpora.codec import BOM, BROKEN
from goldwire.corpora.errors import CorpusError, ExtractorError
from goldwire.eval.measures.phrases import listed
from goldwire.eval.systems import prices
from goldwire.eval.systems.budget import KIND
from goldwire.eval.systems.config import System
from goldwire.eval.systems.ledger import OK, Ledger

ENDING = ".requests.jsonl"
URL = "/v1/chat/completions"  # the only one that OpenAI and vLLM take for chats
_FOR_LATER = frozenset({408, 409, 425, 429})  # statuses that say nothing of the request itself
_FAILED = 500  # the status of what was not answered at all
_SAID = 120  # characters of an error that are told
_SHOWN = 3  # damaged lines that are named


class _Response(msgspec.Struct):
    status_code: int = OK
    body: Any = None


class _Answer(msgspec.Struct):
    custom_id: str
    response: _Response | None = None
    error: Any = None


class Place(NamedTuple):
    """Where an answer stands."""

    path: Path
    at: int
    size: int


class Taken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of the answers to a system's requests.

    `taken` were put into the ledger, `refused` among them say that the request itself is wrong; `failed` have
    no answer, by reason, and are asked for again; `doubled` came more than once, of which the first counts;
    `missing` are not in any file.
    """

    taken: int = 0
    refused: int = 0
    failed: dict[str, int] = {}
    doubled: int = 0
    missing: int = 0


class Answers:
    """The answers in a folder, by the name of their request; the lines that are none are told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places: dict[str, list[Place]] = {}
        self.damaged: list[str] = []
        self.known: set[str] = set()
        for path in sorted(folder.rglob("*.jsonl")) if folder.is_dir() else ():
            if not path.name.endswith(ENDING):
                self._look(path)

    def _look(self, path: Path) -> None:
        decoder, at = msgspec.json.Decoder(_Name), 0
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    try:
                        name = decoder.decode(line.removeprefix(BOM)).custom_id if line.strip() else ""
                    except BROKEN:
                        name = ""
                        self.damaged.append(f"{path}:{number}")
                    if name:
                        self.places.setdefault(name, []).append(Place(path, at, len(line)))
                    at += len(line)
        except OSError as error:
            raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error

    def take(self, ledger: Ledger) -> Taken:
        """Put the answers that a system waits for into its ledger."""
        waiting, failed = ledger.waiting(), Counter[str]()
        taken = refused = 0
        for name in [name for name in waiting if name in self.places]:
            status, tokens, text, reason = _best(self.places[name])
            ledger.put(name, waiting[name], tokens, text, status)
            taken, refused = taken + (text is not None), refused + (text is not None and status != OK)
            failed.update([reason] if reason else [])
        mine = [name for name in self.places if ledger.knows(name)]
        self.known.update(mine)
        return Taken(
            taken=taken,
            refused=refused,
            failed=dict(failed),
            doubled=sum(len(self.places[name]) > 1 for name in mine),
            missing=sum(name not in self.places for name in waiting) if self.places else 0,
        )

    def remarks(self) -> Iterator[str]:
        """What must be said of lines that are no answer, or none to a request of the systems at hand."""
        if self.damaged:
            more = len(self.damaged) - _SHOWN
            told = ", ".join(self.damaged[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
            yield f"lines that are no answers, or were cut off, passed over: {told}"
        foreign = len(self.places.keys() - self.known)
        if foreign:
            yield (
                f"answers to {foreign} requests that are none of these systems as they are now, passed over: "
                "they are of others, or an option or the prompt has changed since"
            )


class _Name(msgspec.Struct):
    custom_id: str


def _best(places: list[Place]) -> tuple[int, dict[str, int], str | None, str]:
    """Of several answers the first that is one, else the first: status, tokens, text, why there is none."""
    found = [_read(place) for place in places]
    return next((one for one in found if one[0] == OK), found[0])


def _read(place: Place) -> tuple[int, dict[str, int], str | None, str]:
    from goldwire.eval.systems.adapters import completion  # loads what asks the web

    with place.path.open("rb") as file:
        file.seek(place.at)
        line = file.read(place.size)
    try:
        answer = msgspec.json.decode(line.removeprefix(BOM), type=_Answer)
    except BROKEN as error:
        return _FAILED, {}, None, f"the line is no answer ({error})"
    status = answer.response.status_code if answer.response else _FAILED
    if answer.response is None or (status == OK and not isinstance(answer.response.body, dict)):
        return _FAILED, {}, None, _why(answer.error) or "there is no answer in the line"
    body = answer.response.body if answer.response.body is not None else {"error": answer.error}
    text = secrets.hide(msgspec.json.encode(body).decode())
    if status == OK:
        reply = completion.decode(text.encode())
        return status, {} if isinstance(reply, str) else prices.of_batch(reply.tokens), text, ""
    if status >= _FAILED or status in _FOR_LATER:
        return status, {}, None, f"{status} {_why(body)}".strip()
    return status, {}, text, ""


def _why(error: Any) -> str:
    """What an error says, in short."""
    if isinstance(error, Mapping):
        inner = error.get("error", error)
        if isinstance(inner, Mapping):
            error = inner.get("code") or inner.get("message") or inner
    text = error if isinstance(error, str) else msgspec.json.encode(error).decode() if error else ""
    return secrets.hide(text)[:_SAID]


class Requests:
    """The file of what a system waits for: written beside its place, and put there when it is whole."""

    def __init__(self, folder: Path, system: str) -> None:
        self.path = folder / f"{system}{ENDING}"
        self._beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        make_folder(self.path.parent)
        remove_stale(self.path)
        self.number = 0
        try:
            self._file = self._beside.open("wb")
        except OSError as error:
            raise CorpusError(f"{self.path}: cannot be written ({error.strerror})") from error

    def add(self, requests: list[dict[str, Any]]) -> None:
        """Put requests at the end."""
        for request in requests:
            line = {"custom_id": request["custom_id"], "method": "POST", "url": URL, "body": request["body"]}
            try:
                self._file.write(msgspec.json.encode(line) + b"\n")
            except OSError as error:
                raise CorpusError(f"{self.path}: cannot be written ({error.strerror})") from error
            self.number += 1

    def put(self) -> None:
        """Put the file into its place, or take away the one that is there if nothing is waited for."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if self.number:
            self._beside.replace(self.path)
        else:
            self._beside.unlink()
            self.path.unlink(missing_ok=True)

    def leave(self) -> None:
        """Leave what is in its place as it is."""
        self._file.close()
        self._beside.unlink(missing_ok=True)


def check_folder(path: Path, systems: Sequence[System]) -> None:
    """Raise `ExtractorError` unless a path can be the folder of batch files, and a system needs one."""
    if path.exists() and not path.is_dir():
        raise ExtractorError(
            f"--batch {path}: is a file; name a folder, into which requests are written and answers are put"
        )
    if others := [system.name for system in systems if system.spec.kind != KIND]:
        raise ExtractorError(
            f"--batch is for language models (`llm:`); run {listed(others)} in a command without it"
        )
