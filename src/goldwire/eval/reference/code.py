"""Code of the reference systems as a hash, for their identity: edited rules are another system."""

from __future__ import annotations

import hashlib
from pathlib import Path

from goldwire.corpora import sentences


def sources(*modules: str) -> str:
    """A hash of the code of modules of this package, and of the words and sentences that all work on."""
    folder = Path(__file__).parent
    files = [Path(sentences.__file__), *(folder / f"{name}.py" for name in modules)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
