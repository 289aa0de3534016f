"""Code of the reference systems as a hash, for their identity: edited rules are another system."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sources(*modules: str) -> str:
    """A hash of the code of modules of this package."""
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in modules)).hexdigest()
