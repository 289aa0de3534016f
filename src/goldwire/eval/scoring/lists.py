"""Lists with a member for each document, kept as they are written or as a column: no object a document.

    Strings.of(ids)  ->  held by blocks and records  ->  pieces of the JSON of a record

As an object, a string takes sixty bytes and more; as it is written, a dozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
SIZE = 2**13  # members of a piece
_WIDEST = 64  # bytes of strings that are sorted as a column; longer ones are objects meanwhile
_NUL = b"\\u0000"  # in JSON; a column would lose it at the end of a string


class Listed(Sequence[T], Generic[T]):
    """Members that are made when they are asked for; it is equal to a tuple of the same.

    Iterating makes some at a time; who asks for single ones, by index, makes them all. `plain` is the type
    of what is written, of which `of` makes one (see `codec.from_plain`).
    """

    plain: ClassVar[Any]

    def pieces(self) -> Iterator[bytes]:
        """Lists of members in JSON, which are all of them together."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(map(msgspec.json.decode, self.pieces()))

    @cached_property
    def _members(self) -> tuple[T, ...]:
        return tuple(self)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        return self._members[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Listed | tuple):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def json(self) -> Iterator[bytes]:
        """The JSON of the list, in parts."""
        yield b"["
        for number, piece in enumerate(self.pieces()):
            yield piece[1:-1] if number == 0 else b"," + piece[1:-1]
        yield b"]"


class Strings(Listed[str]):
    """Strings as pieces of JSON, each an array that is not empty."""

    plain = tuple[str, ...]

    def __init__(self, held: Sequence[bytes] = (), size: int = 0) -> None:
        self.held, self.size = tuple(held), size

    @classmethod
    def of(cls, items: Sequence[str]) -> Self:
        """Strings, which are not kept themselves."""
        parts = (items[start : start + SIZE] for start in range(0, len(items), SIZE))
        return cls([*map(msgspec.json.encode, parts)], len(items))

    @classmethod
    def joined(cls, parts: Iterable[Strings]) -> Self:
        """The members of several, one after the other."""
        given = list(parts)
        return cls([piece for part in given for piece in part.held], sum(map(len, given)))

    def __len__(self) -> int:
        return self.size

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Strings) and self.held == other.held) or super().__eq__(other)

    __hash__ = Listed.__hash__

    def pieces(self) -> Iterator[bytes]:
        """Lists of members in JSON, which are all of them together."""
        return iter(self.held)

    @property
    def ends(self) -> tuple[str, str]:
        """The first and the last member; of none "" twice."""
        if not self.held:
            return "", ""
        first, last = (msgspec.json.decode(self.held[place]) for place in (0, -1))
        return first[0], last[-1]

    def column(self) -> NDArray[Any]:
        """The members as an array whose order is theirs: of bytes where all are short, or of objects."""
        widest = max((len(member.encode()) for member in self), default=1)
        if widest > _WIDEST or any(_NUL in piece for piece in self.held):
            return np.array([*self, ""], object)[:-1]
        found, start = np.empty(self.size, f"S{widest}"), 0
        for piece in self.held:
            members = [member.encode() for member in msgspec.json.decode(piece)]
            found[start : start + len(members)] = members
            start += len(members)
        return found

    def ordered(self, places: NDArray[np.int64]) -> Strings:
        """The members at some places, in their order."""
        return of_column(self.column()[places])


def of_column(column: NDArray[Any]) -> Strings:
    """What `Strings.column` gave, as strings."""
    made = (column[start : start + SIZE].tolist() for start in range(0, len(column), SIZE))
    plain = ([str(one, "utf-8") if isinstance(one, bytes) else one for one in part] for part in made)
    return Strings([*map(msgspec.json.encode, plain)], len(column))


class Numbers(Listed[int]):
    """Whole numbers as a column."""

    plain = tuple[int, ...]

    def __init__(self, column: NDArray[Any]) -> None:
        self.column = column

    @classmethod
    def of(cls, items: Sequence[int]) -> Self:
        """Numbers, in as few bytes as they need; those beyond 64 bits, which count nothing, as objects."""
        ends = (min(items, default=0), max(items, default=0))
        widths = (kind for kind in (np.int8, np.int16, np.int32, np.int64) if _holds(kind, ends))
        return cls(np.array(items, next(widths, object)))

    def __len__(self) -> int:
        return len(self.column)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.column, dtype, copy=copy)

    def pieces(self) -> Iterator[bytes]:
        """Lists of members in JSON, which are all of them together."""
        parts = (self.column[start : start + SIZE].tolist() for start in range(0, len(self), SIZE))
        return map(msgspec.json.encode, parts)


def _holds(kind: type[np.signedinteger[Any]], numbers: Iterable[int]) -> bool:
    return all(np.iinfo(kind).min <= number <= np.iinfo(kind).max for number in numbers)


# What a record holds: lists if it was scored or read, or tuples, which are as good.
if TYPE_CHECKING:
    StringsOrTuple = tuple[str, ...] | Strings
    NumbersOrTuple = tuple[int, ...] | Numbers
else:
    StringsOrTuple, NumbersOrTuple = Strings, Numbers
