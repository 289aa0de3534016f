"""Storage of objects by name, in a folder or a bucket: read, listed, created where nothing is.

Nothing is ever written over, but for one object, the index, and that only while it still is what was read.
The one module that imports obstore (extra `storage`), which takes credentials from where the provider's
tools have them: the environment, or the role of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import msgspec

from goldwire.corpora import secrets
from goldwire.corpora.atomic import beside, remove_stale, sync, write_atomic
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.extras import load
from goldwire.corpora.lock import locked
from goldwire.corpora.packed.address import Address

CHUNK = 2**20  # bytes that are read at once
SAID = 300  # characters of what a store says
CONNECTING, LONGEST = timedelta(seconds=10), timedelta(seconds=60)  # for a connection; for a request, retried
RETRIES = 4
_KEYS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN")


class Entry(msgspec.Struct, frozen=True, order=True):
    """An object that is there, and its size in bytes."""

    name: str
    size: int


class Store(Protocol):
    """Objects under one address. What fails raises `CorpusError`, which holds no secret."""

    address: Address

    def entries(self) -> Iterator[Entry]:
        """All objects."""

    def stream(self, name: str) -> Iterator[bytes] | None:
        """The content of an object, piece by piece; None if there is none."""

    def create(self, name: str, content: Path | bytes) -> bool:
        """Put an object, whole or not at all, where none is; whether that was so."""

    def replace(self, name: str, content: bytes, before: bytes) -> bool:
        """Put an object in the place of one that is `before` still; whether it was."""


def connect(address: Address) -> Store:
    """The store of an address; nothing is asked of it yet."""
    return Folder(address) if address.scheme == "file" else Bucket(address)


def read(store: Store, name: str, most: int) -> bytes | None:
    """All of an object, None if there is none; `CorpusError` if it is larger than `most` bytes."""
    pieces = store.stream(name)
    if pieces is None:
        return None
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > most:
            raise CorpusError(f"{store.address}/{name}: is larger than {most} bytes, and so is none of ours")
    return bytes(data)


# ---------------------------------------------------------------- a folder
class Folder:
    """Files in a folder, under their names; hidden ones are not looked at."""

    def __init__(self, address: Address) -> None:
        self.address, self._root = address, Path(address.prefix)

    def entries(self) -> Iterator[Entry]:
        """All files."""
        for path in sorted(self._root.rglob("*")):
            name = path.relative_to(self._root)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                yield Entry(name.as_posix(), path.stat().st_size)

    def stream(self, name: str) -> Iterator[bytes] | None:
        """The content of a file."""
        path = self._root / name
        if not path.is_file():
            return None
        return self._pieces(path)

    def _pieces(self, path: Path) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while piece := file.read(CHUNK):
                    yield piece
        except OSError as error:
            raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error

    def create(self, name: str, content: Path | bytes) -> bool:
        """Put a file where none is: written beside its place, and then named."""
        path = self._root / name
        data = content if isinstance(content, bytes) else content.read_bytes()
        new = beside(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_stale(path)
            try:
                _write(new, data)
                return self._name(new, path)
            finally:
                new.unlink(missing_ok=True)
        except OSError as error:
            raise CorpusError(f"{path}: cannot be written ({error.strerror})") from error

    def _name(self, new: Path, path: Path) -> bool:
        try:
            path.hardlink_to(new)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            with locked(self._root, "packs a corpus"):
                if path.exists():
                    return False
                new.rename(path)
        sync(path.parent)
        return True

    def replace(self, name: str, content: bytes, before: bytes) -> bool:
        """Put a file in the place of another, under the lock of the folder."""
        path = self._root / name
        with locked(self._root, "changes a packed corpus"):
            if path.read_bytes() != before:
                return False
            write_atomic(path, content)
        return True


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


# ---------------------------------------------------------------- a bucket
class Bucket:
    """Objects of a bucket, or container, under a prefix."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._library = load("obstore", "storage", f"{address} is read and written by obstore")
        self._store: Any = None
        for name in _KEYS:
            secrets.register(os.environ.get(name, ""))

    def _open(self) -> Any:
        """The library's store, made when something is asked of it first."""
        if self._store is None:
            _check_endpoint()
            make = load("obstore.store", "storage", f"{self.address} is read and written by obstore")
            kinds = {"s3": make.S3Store, "gs": make.GCSStore, "az": make.AzureStore}
            self._store = kinds[self.address.scheme](
                self.address.bucket,
                prefix=self.address.prefix or None,
                client_options=_client_options(),
                retry_config={"max_retries": RETRIES, "retry_timeout": LONGEST},
            )
        return self._store

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        """Tell faults of the library as ours: its own are long, and may show what was sent."""
        try:
            yield
        except (FileNotFoundError, self._library.exceptions.BaseError) as error:
            place = f"{self.address}/{name}".rstrip("/")
            if _is_without_bucket(error):
                raise CorpusError(
                    f"{self.address}: there is no bucket or container {self.address.bucket!r}; look at the "
                    "address and at whose store it is (AWS_ENDPOINT_URL, AWS_REGION), or make it with the "
                    "tools of the store"
                ) from None
            raise CorpusError(f"{place}: {self._told(error)}") from None

    def _told(self, error: Exception) -> str:
        known = self._library.exceptions
        said = secrets.hide(str(error).partition("\n\nDebug source")[0].replace("\n", " ")[:SAID])
        if isinstance(error, known.PermissionDeniedError | known.UnauthenticatedError):
            return f"access was refused ({said}); credentials are those of the environment, or of the role"
        if isinstance(error, known.NotFoundError | FileNotFoundError):
            return f"there is no such object ({said})"
        return (
            f"the store cannot be used ({said}); look at the address, at the network and at the credentials "
            "in the environment (docs/packed.md), and run the same command again"
        )

    def entries(self) -> Iterator[Entry]:
        """All objects under the prefix."""
        with self._telling(""):
            for some in self._library.list(self._open()):
                yield from (Entry(one["path"], one["size"]) for one in some)

    def stream(self, name: str) -> Iterator[bytes] | None:
        """The content of an object, as it comes."""
        with self._telling(name):
            try:
                found = self._library.get(self._open(), name)
            except (FileNotFoundError, self._library.exceptions.NotFoundError) as error:
                if _is_without_bucket(error):
                    raise
                return None
        return self._pieces(name, found)

    def _pieces(self, name: str, found: Any) -> Iterator[bytes]:
        with self._telling(name):
            for piece in found.stream(min_chunk_size=CHUNK):
                yield bytes(piece)

    def create(self, name: str, content: Path | bytes) -> bool:
        """Put an object on the condition that there is none."""
        with self._telling(name):
            try:
                self._library.put(self._open(), name, content, mode="create")
            except self._library.exceptions.AlreadyExistsError:
                return False
        return True

    def replace(self, name: str, content: bytes, before: bytes) -> bool:
        """Put an object on the condition that it is the version that was read."""
        with self._telling(name):
            found = self._library.get(self._open(), name)
            version = {key: found.meta[key] for key in ("e_tag", "version") if found.meta[key] is not None}
            if bytes(found.bytes()) != before:
                return False
            with suppress(self._library.exceptions.PreconditionError):
                self._library.put(self._open(), name, content, mode=version)
                return True
        return False


def _is_without_bucket(error: Exception) -> bool:
    """Whether a store said that the bucket is not there, which the library tells as an object that is not."""
    return any(f"<Code>{code}</Code>" in str(error) for code in ("NoSuchBucket", "ContainerNotFound"))


def _check_endpoint() -> None:
    """Refuse the address of another host with what may be a key in it: the library would end with it."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ENDPOINT"):
        value = os.environ.get(name, "")
        if set("@?#") & set(value):
            secrets.register(value.partition("://")[2].partition("@")[0])
            raise CorpusError(
                f"{name}: is the address of a host, such as https://minio.example.org, and has a user, a key "
                "or a query in it: take that out, credentials have variables of their own (docs/packed.md)"
            )


def _client_options() -> dict[str, Any]:
    """What the library would take from the environment by itself if no time were set."""
    options: dict[str, Any] = {"connect_timeout": CONNECTING, "timeout": timedelta(minutes=10)}
    if os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"):
        options["allow_http"] = True
    return options
