"""Ledger of the requests that are paid for: written to before each is sent, and when its answer is there.

    CORPUS/runs/NAME/FINGERPRINT.ledger     JSON lines, beside the journal of the same state

All workers of a run share it, one at a time. So no answer is paid for twice, however a run ends, and a budget
holds for all of them: a request without an answer counts with the most that it can cost, be it under way, or
lost since its process was killed or its connection broke.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import CorpusError
from goldwire.eval.systems import prices
from goldwire.eval.systems.prices import Price
from goldwire.eval.systems.spending import Counted, Spending, cost_of, total

ENDING = ".ledger"
OK = 200
_ID = 24  # hexadecimal digits of a request
_TICKET = 12  # and of what one sending of it is known by
SIGN = "-"  # between a request and the number of its answer, in batch files


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What the workers of a run are told: where the ledger is, and what may be spent, in all it tells of.

    `system` is the name of whose requests they are. In a `batch` nothing is sent: what would be asked is
    written down.
    """

    path: str
    system: str
    budget: float | None = None
    batch: bool = False


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Asked(_Line, frozen=True, tag="asked"):
    """A request is sent; it takes no more than so many tokens, as far as that can be known.

    One for a batch file has its name there as its ticket.
    """

    ticket: str
    request: str
    most: dict[str, int]


class Answered(_Line, frozen=True, tag="answered"):
    """Its answer has come, and took so many tokens, if it says how many; `text` is None if it is not kept.

    One with another status than 200 is a refusal, or a failure without a text, and not to be paid.
    """

    ticket: str
    request: str
    tokens: dict[str, int]
    text: str | None = None
    status: int = 200


class Freed(_Line, frozen=True, tag="freed"):
    """It was not taken: nothing is to be paid."""

    ticket: str


class Carried(_Line, frozen=True, tag="carried"):
    """Tokens of answers from before there was a ledger."""

    tokens: dict[str, int]


class Dropped(_Line, frozen=True, tag="dropped"):
    """The answers to a request were of no use, and are not used again."""

    request: str


class Renewed(_Line, frozen=True, tag="renewed"):
    """All is asked anew: no answer from before is used again."""


Line = Asked | Answered | Freed | Carried | Dropped | Renewed


class Kept(msgspec.Struct, frozen=True):
    """An answer that was paid for: its status, text and tokens."""

    status: int
    text: str
    tokens: dict[str, int]


def identify(system: str, document: str, body: bytes) -> str:
    """The name of a request: alike for the same request of a system about the same document."""
    return hashlib.sha256(b"\0".join((system.encode(), document.encode(), body))).hexdigest()[:_ID]


class Ledger:
    """A ledger that is open; `price` is that of the system's tokens."""

    def __init__(self, path: Path, price: Price | None = None) -> None:
        self.path, self._price = path, price
        self.damaged = 0
        self._at = 0  # where reading goes on
        self._open: dict[str, Asked] = {}
        self._answers = self._untold = 0
        self._tokens: Counter[str] = Counter()
        self._beyond: Counter[str] = Counter()  # the most of answers that do not say their tokens
        self._kept: dict[str, list[tuple[int, int] | None]] = {}
        self._used: Counter[str] = Counter()
        self._decoder = msgspec.json.Decoder(Line)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise CorpusError(f"{path}: cannot be written ({error.strerror})") from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    # ------------------------------------------------------------ reading
    def spending(self) -> Spending:
        """What was paid for, as far as it is written by now."""
        with self._alone():
            return self._spending()

    def counted(self) -> Counted:
        """The same in numbers that add up, whatever they cost."""
        with self._alone():
            return self._counted()

    def take(self, request: str) -> Kept | None:
        """The next answer to a request that the document at hand has not had; None if there is none."""
        with self._alone():
            places = self._kept.get(request, [])
            while self._used[request] < len(places):
                place = places[self._used[request]]
                self._used[request] += 1
                if place is not None:
                    return self._reread(place)
        return None

    def begin(self) -> None:
        """Let a document have all answers that are there, also those that it had before in this process."""
        self._used.clear()

    def name(self, request: str) -> str:
        """What the next answer to a request is known by: its number is that of the answer."""
        return f"{request}{SIGN}{self._used[request] + 1}"

    def waiting(self) -> dict[str, str]:
        """The requests in batch files that have no answer, by their names there."""
        with self._alone():
            return {ticket: asked.request for ticket, asked in self._open.items() if SIGN in ticket}

    def knows(self, name: str) -> bool:
        """Whether a name is that of a request in a batch file, with an answer or without."""
        request, _, number = name.rpartition(SIGN)
        answers = len(self._kept.get(request, ()))
        return name in self._open or (number.isdecimal() and 0 < int(number) <= answers)

    def pass_over(self, request: str) -> None:
        """Count an answer that is still to come as used."""
        self._used[request] += 1

    # ------------------------------------------------------------ writing
    def ask(
        self, request: str, most: Mapping[str, int], budget: float | None, name: str | None = None
    ) -> str | None:
        """A ticket to send a request by; None if the budget does not reach for it.

        The ticket is its `name` in a batch file; one that waits there already is not counted again.
        """
        with self._alone():
            if name in self._open:
                return name
            if budget is not None and self._beyond_budget(most, budget):
                return None
            ticket = name or uuid.uuid4().hex[:_TICKET]
            self._write(Asked(ticket=ticket, request=request, most=dict(most)))
            return ticket

    def answer(self, ticket: str, request: str, tokens: Mapping[str, int], data: bytes) -> None:
        """Write down an answer that has come, and count it as used."""
        with self._alone():
            self._write(Answered(ticket=ticket, request=request, tokens=dict(tokens), text=_text(data)))
            self._used[request] = len(self._kept[request])

    def put(
        self, ticket: str, request: str, tokens: Mapping[str, int], text: str | None, status: int
    ) -> None:
        """Write down an answer that came otherwise, to be taken."""
        with self._alone():
            self._write(
                Answered(ticket=ticket, request=request, tokens=dict(tokens), text=text, status=status)
            )

    def carry(self, tokens: Mapping[str, int]) -> None:
        """Write down what was taken before there was a ledger."""
        with self._alone():
            self._write(Carried(tokens=dict(tokens)))

    def renew(self) -> None:
        """Have everything asked anew."""
        with self._alone():
            self._write(Renewed())

    @property
    def size(self) -> int:
        """How long it is by now, in bytes."""
        return os.fstat(self._file).st_size

    def free(self, ticket: str) -> None:
        """Write down that nothing is to be paid."""
        with self._alone():
            self._write(Freed(ticket=ticket))

    def drop(self, request: str) -> None:
        """Have a request asked anew the next time."""
        with self._alone():
            if any(place is not None for place in self._kept.get(request, ())):
                self._write(Dropped(request=request))

    # ------------------------------------------------------------ within the lock
    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The file for this process alone, with all that others have written."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError:  # a file system without locks, which the journal has told of
            self._catch_up()
            yield
            return
        try:
            self._catch_up()
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _catch_up(self) -> None:
        size = os.fstat(self._file).st_size
        if size <= self._at:
            return
        data = os.pread(self._file, size - self._at, self._at)
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.splitlines(keepends=True):
            self._read(line, self._at)
            self._at += len(line)

    def _read(self, line: bytes, at: int) -> None:
        try:
            self._count(self._decoder.decode(line), (at, len(line)))
        except BROKEN:
            self.damaged += 1

    def _count(self, line: Line, place: tuple[int, int]) -> None:
        if isinstance(line, Asked):
            self._open[line.ticket] = line
        elif isinstance(line, Freed):
            self._open.pop(line.ticket, None)
        elif isinstance(line, Carried):
            self._tokens.update(line.tokens)
        elif isinstance(line, Dropped):
            self._forget(line.request)
        elif isinstance(line, Renewed):
            for request in self._kept:
                self._forget(request)
        else:
            self._count_answer(line, place)

    def _forget(self, request: str) -> None:
        """Let answers be none, and count on where they end."""
        self._kept[request] = [None] * len(self._kept.get(request, ()))

    def _count_answer(self, line: Answered, place: tuple[int, int]) -> None:
        asked = self._open.pop(line.ticket, None)
        self._kept.setdefault(line.request, []).append(None if line.text is None else place)
        if line.status != OK:
            return
        self._answers += 1
        if is_told(line.tokens):
            self._tokens.update(line.tokens)
            return
        self._untold += 1
        self._beyond.update(asked.most if asked else {prices.UNTOLD: 1})

    def _write(self, line: Line) -> None:
        data = msgspec.json.encode(line) + b"\n"
        if os.fstat(self._file).st_size > self._at:  # the rest of a line whose writer was killed
            data = b"\n" + data
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise CorpusError(f"{self.path}: cannot be written ({error.strerror})") from error
        self._catch_up()

    def _reread(self, place: tuple[int, int]) -> Kept:
        line = self._decoder.decode(os.pread(self._file, place[1], place[0]))
        assert isinstance(line, Answered)  # noqa: S101 - for the type checker: only their places are kept
        return Kept(line.status, line.text or "", line.tokens)

    def _spending(self) -> Spending:
        return self._counted().spending(self._price)

    def _counted(self) -> Counted:
        waiting = Counter[str]()
        for asked in self._open.values():
            waiting.update(asked.most)
        return Counted(
            answers=self._answers,
            open=len(self._open),
            untold=self._untold,
            tokens=dict(self._tokens),
            beyond=dict(self._beyond),
            waiting=dict(waiting),
        )

    def _beyond_budget(self, most: Mapping[str, int], budget: float) -> bool:
        spent, one = total(self._spending()), cost_of(self._price, most)
        return spent is None or one is None or spent + one > budget


def is_told(tokens: Mapping[str, Any]) -> bool:
    """Whether an answer says what it took."""
    return "tokens_in" in tokens and "tokens_out" in tokens


def _text(data: bytes) -> str | None:
    """An answer as text; None if it is none, so that it cannot be kept."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
