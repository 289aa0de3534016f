"""Addresses of packed corpora: taken apart once, and never with a secret in them.

    s3://BUCKET/PREFIX      Amazon's S3, and whatever speaks its protocol
    gs://BUCKET/PREFIX      Google Cloud Storage
    az://CONTAINER/PREFIX   Azure Blob Storage
    file:///FOLDER          a folder, such as one that is shared; its path alone will do as well

Commands take an address where they take the folder of a corpus, hence as a path, which has lost one of the
two slashes: `s3:/BUCKET/PREFIX` is read as what it was.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from goldwire.corpora import secrets
from goldwire.corpora.errors import CorpusError

Scheme = Literal["s3", "gs", "az", "file"]
SCHEMES: tuple[Scheme, ...] = ("s3", "gs", "az", "file")
# One of ours without a slash too: of `s3://` a path keeps `s3:`, and a folder of that name is never meant.
_FORM = re.compile(rf"([a-zA-Z][a-zA-Z0-9+.-]+):/.*|({'|'.join(SCHEMES)}):.*", re.DOTALL | re.IGNORECASE)
_BUCKET = re.compile(r"[a-zA-Z0-9][\w.-]+", re.ASCII)
_SPLIT = re.compile(r"[:/@?#&=]")
_OF_HOST = 2  # slashes before the name of a host, which no folder has: file://news is not ./news
_KINDS = "s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or file:///FOLDER"


class Address(msgspec.Struct, frozen=True):
    """Where a packed corpus is: a bucket (or container) and a prefix in it, or a folder."""

    scheme: Scheme
    bucket: str
    prefix: str

    def __str__(self) -> str:
        if self.scheme == "file":
            return f"file://{self.prefix}"
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")


def is_address(given: str | Path) -> bool:
    """Whether a text or path is written as an address, sound or not; a folder of such a name is none.

    >>> is_address("s3://news/gold"), is_address(Path("s3://news/gold")), is_address("C:/x")
    (True, True, False)
    """
    return _FORM.fullmatch(str(given)) is not None and not Path(given).exists()


def parse(given: str | Path) -> Address:
    """An address, of a folder where it is written as a path.

    Raises `CorpusError` if it is none. What may be a secret in it is never repeated.

    >>> str(parse("s3://news/gold/")), str(parse(Path("s3://news/gold"))), str(parse("/srv/gold"))
    ('s3://news/gold', 's3://news/gold', 'file:///srv/gold')
    >>> parse("s3://AKIA:secret@news/gold")
    Traceback (most recent call last):
    goldwire.corpora.errors.CorpusError: s3://***: an address has no @, ?, # or : in it, ...
    """
    if not is_address(given):
        return Address("file", "", Path(given).absolute().as_posix())
    scheme, _, rest = str(given).partition(":")
    name = rest.lstrip("/")
    slashes = len(rest) - len(name)
    _check_open(scheme.lower(), name)
    known = next((one for one in SCHEMES if one == scheme.lower()), None)
    if known == "file" and slashes not in (0, _OF_HOST) and name:
        return Address("file", "", Path("/", name).as_posix())
    bucket, *names = [part for part in name.split("/") if part] or [""]
    sound = known not in (None, "file") and slashes and _BUCKET.fullmatch(bucket) and name.isprintable()
    if known is None or not sound or {".", ".."} & {*names}:
        raise CorpusError(f"{scheme}:{rest}: no address of a packed corpus; write {_KINDS}, or a path")
    return Address(known, bucket, "/".join(names))


def _check_open(scheme: str, rest: str) -> None:
    """Refuse what may hold a key: user and password before `@`, a query, a fragment."""
    if set("@?#") & set(rest) or ":" in rest.partition("/")[0]:
        for piece in _SPLIT.split(rest):
            secrets.register(piece)
        raise CorpusError(
            f"{scheme}://{secrets.HIDDEN}: an address has no @, ?, # or : in it, and no key: credentials are "
            "read from where the provider's own tools have them (for S3 AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY in the environment, or the role of the machine); see docs/packed.md"
        )
