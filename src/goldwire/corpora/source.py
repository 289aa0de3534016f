"""Source of a corpus whose files are not in its directory: what a packed one is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from goldwire.corpora.parts import Part


class Source(Protocol):
    """Where the files of a packed corpus come from (see `packed.opened`)."""

    @property
    def address(self) -> str:
        """What people call the corpus."""

    @property
    def parts(self) -> int:
        """In how many parts it is packed."""

    @property
    def documents(self) -> int:
        """How many documents it has."""

    def layers(self) -> list[str]:
        """The names of all layers, sorted."""

    def bring(self, path: str) -> None:
        """See to it that documents, a layer or its tokens are in the directory, if the corpus has them."""

    def digest(self, name: str) -> str | None:
        """The SHA-256 of the file `documents`, `layers/NAME` or `tokens/NAME`, or of another by its path."""

    def lines(self, table: str, part: Part) -> Iterator[tuple[int, bytes]]:
        """Lines of such a file with their numbers: at least all those of a part."""
