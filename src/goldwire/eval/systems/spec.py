"""Names of systems: `KIND` or `KIND:TARGET`, as in `lexicon`, `spacy:en_core_web_sm`, `cmd:./mine`."""

from __future__ import annotations

import re

import msgspec

from goldwire.corpora.errors import ExtractorError

_URL = re.compile(r"https?://\S+")
_KIND = re.compile(r"[A-Za-z][\w.\-]*")


class Spec(msgspec.Struct, frozen=True):
    """What runs: a kind of system and what the kind needs to know. `parse(str(spec)) == spec`.

    >>> parse("spacy:en_core_web_sm")
    Spec(kind='spacy', target='en_core_web_sm')
    >>> str(parse("https://host.example/extract"))
    'https://host.example/extract'
    """

    kind: str
    target: str = ""

    def shown(self) -> str:
        """The spec for records and reports: what follows a `?` or a `#` in an address may be private."""
        return re.split(r"[?#]", str(self), maxsplit=1)[0] if self.kind in ("http", "llm") else str(self)

    def __str__(self) -> str:
        if self.kind == "http":
            return self.target
        return f"{self.kind}:{self.target}" if self.target else self.kind


def parse(text: str) -> Spec:
    """The spec that a string names; `ExtractorError` if it is none. Whether the kind exists is not asked."""
    text = text.strip()
    if _URL.fullmatch(text):
        return Spec("http", text)
    kind, _, target = text.partition(":")
    if not _KIND.fullmatch(kind) or kind in ("http", "https"):
        raise ExtractorError(
            f"{text!r} names no system; write KIND or KIND:TARGET, for example `lexicon`, "
            "`cmd:./extract.sh` or `https://host/path` (`goldwire eval systems` lists the kinds)"
        )
    return Spec(kind, target)
