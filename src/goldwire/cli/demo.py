"""`goldwire demo`: the whole loop on the embedded corpus."""

from __future__ import annotations


def demo() -> None:
    """Run the whole loop on the embedded corpus, with no server and no network."""
