"""Files of parts: a header that says what a part is of, then what was made, then a digest of both.

    KIND-NAME-00017-of-00400-CONTENT.part

The first line is the header, as JSON; the payload follows, and the SHA-256 of all bytes before it. Parts of
one whole have one kind and NAME; CONTENT is a digest of what must be alike in all of them: the versions, the
corpus, the state of each layer. So parts that were made from different states have different names, and one
that is there already needs not be made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from goldwire import __version__
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import BROKEN, check_file, decode_versioned
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.parts import Part

FORMAT = 1  # of part files; goes up when old readers could not read new ones
SUFFIX = ".part"
SYSTEM = "system"  # what parts of a run are alike in, and those of another system's run are not
DIGITS = 12  # of the digest in a name
_DIGEST = hashlib.sha256().digest_size
_CHUNK = 2**20
_LONGEST = 2**28  # bytes of a header: what goes on longer is none
_AGAIN = "make the part again, or copy it again from where it was made"
_NAME = 80  # characters of a name that the file's name has


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a part is of.

    `kind` is `score` or `run`, `name` that of the whole, `part` its number, as `17/400`. `alike` is what
    must be the same in all parts, by what it is called in messages, such as policies; `sources` are the
    digests of what the parts were taken from (see `corpora.taking`). `size` is the number of bytes of the
    payload.
    """

    format: int = FORMAT
    goldwire: str = __version__
    kind: str
    name: str
    part: str
    alike: dict[str, str]
    sources: dict[str, str] = {}
    size: int = 0

    @property
    def number(self) -> Part:
        """The part as a value."""
        return Part.parse(self.part)

    @property
    def content(self) -> str:
        """A digest of what must be the same in all parts."""
        encoded = msgspec.json.encode((self.goldwire, self.alike, self.sources), order="deterministic")
        return hashlib.sha256(encoded).hexdigest()[:DIGITS]

    @property
    def file(self) -> str:
        """The name of the file."""
        part, name = self.number, self.name.replace("/", "-")[:_NAME]
        return f"{self.kind}-{name}-{part.number:05}-of-{part.of:05}-{self.content}{SUFFIX}"

    @property
    def pattern(self) -> str:
        """The names of the files of all parts that are like this one."""
        return f"{self.kind}-{self.name.replace('/', '-')[:_NAME]}-*-{self.content}{SUFFIX}"


class PartFile(msgspec.Struct, frozen=True):
    """A sound part file: where it is, its header, the first byte of its payload, and its digest."""

    path: Path
    header: Header
    start: int
    digest: str

    def payload(self) -> bytes:
        """What was made."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.header.size)


# ---------------------------------------------------------------- written and read
def encode(header: Header, payload: bytes) -> bytes:
    """A part file."""
    line = msgspec.json.encode(msgspec.structs.replace(header, size=len(payload)))
    whole = line + b"\n" + payload
    return whole + hashlib.sha256(whole).digest()


def write(folder: Path, header: Header, data: bytes) -> Path:
    """Put a part file, as `encode` made it, into a folder, whole or not at all."""
    path = folder / header.file
    write_atomic(path, data)
    return path


def read_header(path: Path) -> Header:
    """The header of a part file, of which no more is read; raises as `check`."""
    try:
        check_file(path)
        with path.open("rb") as file:
            return _header(file, path)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error


def check(path: Path) -> PartFile:
    """A part file whose every byte is as it was written; memory does not grow with it.

    Raises `CorpusError` if it cannot be read; `DataError` if it is no part file, of a later format, cut off
    or damaged.
    """
    try:
        check_file(path)
        with path.open("rb") as file:
            header = _header(file, path)
            start = file.tell()
            return PartFile(path, header, start, _check_rest(file, path, start + header.size))
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error


def is_sound(path: Path, header: Header | None = None) -> bool:
    """Whether a part file is there as it was written, and has this header if one is asked for.

    What a header says of the size of a payload is not looked at: it is not known before that is made.
    """
    try:
        found = check(path).header if path.is_file() else None
    except (CorpusError, DataError):
        return False
    if found is None or header is None:
        return found is not None
    return msgspec.structs.replace(found, size=header.size) == header


def _header(file: BinaryIO, path: Path) -> Header:
    line = file.readline(_LONGEST)
    if not line.startswith(b"{") or not line.endswith(b"\n"):
        raise DataError(f"{path}: not a part file: it does not begin with a header")
    _check_kind(line, path)
    header = decode_versioned(line, Header, "a part file", str(path), FORMAT)
    try:
        Part.parse(header.part)
    except CorpusError as error:
        raise DataError(f"{path}: not a part file: {error}") from error
    return header


def _check_kind(line: bytes, path: Path) -> None:
    """Raise `DataError` for another file of one line: its format is not one of part files."""
    with suppress(*BROKEN):
        found = msgspec.json.decode(line)
        if not isinstance(found, dict) or not found.keys() >= {"kind", "part"}:
            raise DataError(f"{path}: not a part file: its first line is no header of one")


def _check_rest(file: BinaryIO, path: Path, end: int) -> str:
    """The digest at the end of a file, whose payload ends at a byte."""
    size, whole = file.seek(0, 2), end + _DIGEST
    if size != whole:
        told = "cut off" if size < whole else "damaged, more was put behind it"
        raise DataError(f"{path}: {told}: {size:,} bytes where there were {whole:,}; {_AGAIN}")
    file.seek(0)
    digest = hashlib.sha256()
    for chunk in _iter_bytes(file, end):
        digest.update(chunk)
    if file.read() != digest.digest():
        raise DataError(f"{path}: damaged: it is not what was written; {_AGAIN}")
    return digest.hexdigest()


def _iter_bytes(file: BinaryIO, left: int) -> Iterator[bytes]:
    while chunk := file.read(min(_CHUNK, left)):
        left -= len(chunk)
        yield chunk
