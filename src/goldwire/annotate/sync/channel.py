"""Channel to one project: what all need who ask or change something there."""

from __future__ import annotations

from typing import NamedTuple

from goldwire.annotate.sync import link
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.journal import Journal
from goldwire.annotate.sync.mirror import Progress


class Channel(NamedTuple):
    """The server, the journal of what was done there, who is told of progress.

    `quiet` is how many seconds a request is given whose answer was lost.
    """

    client: Client
    journal: Journal
    progress: Progress = lambda _: None
    quiet: float = link.QUIET
