"""Standard output and error that take every character, and end well when nobody reads them any more."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from typing import Any, TextIO

from goldwire.corpora.errors import CorpusError

ESCAPE = "goldwire"  # the name under which codecs know `_escaped`


def prepare() -> None:
    """Put streams in place of those of the process that do not depend on terminal, locale or reader."""
    codecs.register_error(ESCAPE, _escaped)
    sys.stdout = _stream(sys.stdout, _Output)
    sys.stderr = _stream(sys.stderr, _Errors)


def _stream(stream: TextIO | None, kind: type[_Output]) -> TextIO:
    """A stream to the same place; to nowhere if it was closed before we began; itself if it is no file."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - as long as the process
    with contextlib.suppress(ValueError, OSError):
        stream.flush()
    try:
        descriptor = stream.fileno()
    except OSError:  # in memory, as in a notebook or a test
        return stream
    raw = kind(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=ESCAPE,
        line_buffering=raw.isatty() or kind is _Errors,
    )


class _Output(io.FileIO):
    """Where results go. What a reader who has gone does not take is dropped; the command ends as it would."""

    def write(self, data: Any) -> int:
        """All of the data, or `CorpusError`."""
        try:
            return super().write(data) or 0
        except OSError as error:
            self._drop_rest()
            self._failed(error)
            return len(data)

    def _drop_rest(self) -> None:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a descriptor is wanted
            os.dup2(nothing.fileno(), self.fileno())

    def _failed(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            raise CorpusError(f"standard output: cannot be written ({error.strerror})") from error


class _Errors(_Output):
    """Where people are told things: no reason to end a command if they cannot be."""

    def _failed(self, error: OSError) -> None:
        pass


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What an encoding does not have as JSON would write it, so that JSON stays JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[i : i + 2] for i in range(0, len(units), 2))
    return "".join(f"\\u{int.from_bytes(pair):04x}" for pair in pairs), error.end
