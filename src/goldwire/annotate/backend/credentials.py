"""User, password and secret path of a corpus's backend: made once, kept for their owner alone.

    CORPUS/labelstudio/backend.json     mode 0600

Label Studio signs its requests with user and password, but not the webhooks of what people do: they come by a
path that nobody can guess.
"""

from __future__ import annotations

import base64
import secrets as random
from pathlib import Path

import msgspec

from goldwire.annotate.exchange.store import FOLDER
from goldwire.annotate.local import private
from goldwire.corpora import secrets
from goldwire.corpora.atomic import make_folder
from goldwire.corpora.codec import BROKEN, read_bytes
from goldwire.corpora.errors import ServerError
from goldwire.corpora.store import Corpus, writing

FILE = "backend.json"
USER = "goldwire"
_BYTES = 24  # of chance in a password


class Credentials(msgspec.Struct, frozen=True):
    """How Label Studio signs on; `hook` is the end of the webhooks' path."""

    password: str
    hook: str
    user: str = USER

    def __repr__(self) -> str:
        return f"Credentials({self.user!r}, password hidden)"

    @property
    def basic(self) -> str:
        """The header that Basic authentication sends (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def path(corpus: Corpus) -> Path:
    """Where they are."""
    return corpus.path / FOLDER / FILE


def obtain(corpus: Corpus) -> Credentials:
    """Those of a corpus, made if it has none; from now on no message has them."""
    place = path(corpus)
    with writing(corpus, "annotate backend"):
        if not place.exists():
            make_folder(place.parent)
            made = Credentials(random.token_urlsafe(_BYTES), random.token_urlsafe(_BYTES))
            private.write(place, msgspec.json.encode(made))
    private.check(place)
    try:
        found = msgspec.json.decode(read_bytes(place, ServerError), type=Credentials)
    except BROKEN:
        raise ServerError(f"{place}: not the password of a backend; delete it to have another made") from None
    for secret in (found.password, found.hook, found.basic.partition(" ")[2]):
        secrets.register(secret)
    return found
