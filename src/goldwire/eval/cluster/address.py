"""Addresses of clusters, as `--on` takes them: `local`, `dask://HOST:PORT`, `tls://HOST:PORT`."""

from __future__ import annotations

import re
import socket

from goldwire.corpora.errors import ClusterError

PORT = 8786  # of Dask's schedulers, where none is said
PATIENCE = 5.0  # seconds until a machine is taken for one that does not answer
_FORM = re.compile(
    r"(?P<kind>dask|tls)://(?P<host>\[[0-9a-fA-F:.%\w]+\]|[\w.\-]+)(?::(?P<port>\d{1,5}))?/?", re.ASCII
)


def parse(text: str) -> str:
    """The address of a scheduler as Dask has it; `ClusterError` if it is none.

    >>> parse("dask://head.example:8786"), parse("tls://10.0.0.7")
    ('tcp://head.example:8786', 'tls://10.0.0.7:8786')
    """
    found = _FORM.fullmatch(text.strip())
    port = int(found["port"] or PORT) if found else 0
    if found is None or not 0 < port < 2**16:
        # Not repeated: whoever writes a password into an address has it in the text.
        raise ClusterError(
            "--on is `local`, dask://HOST:PORT of a scheduler of Dask, or tls://HOST:PORT of one with TLS, "
            "without user, password or path"
        )
    kind = "tcp" if found["kind"] == "dask" else "tls"
    return f"{kind}://{found['host']}:{port}"


def check_listening(address: str) -> None:
    """Raise `ClusterError` if nothing listens at the address of a scheduler."""
    host, _, port = address.partition("://")[2].rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except OSError as error:
        why = error.strerror or str(error) or "no answer"
        raise ClusterError(
            f"{address}: nothing listens there ({why}); start a scheduler on that machine with `dask "
            f"scheduler --port {port}`, and workers with `dask worker {address} --nthreads 1`"
        ) from error
