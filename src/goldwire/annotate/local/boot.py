"""Runs in the server's own Python: leaves the caller, notes the process id, becomes Label Studio.

`python -I boot.py DATA_DIR PORT` returns at once; the server goes on without a terminal. The descriptor that
holds the data directory's lock is inherited, so the lock lives exactly as long as the server does.
`python -I boot.py DATA_DIR` makes the database's tables and ends.

Nothing of Goldwire is imported here: this Python does not have it. The owner's password is read from its file
and set inside the process, where no list of processes shows it.
"""

import json
import logging
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path

STATE = "server.json"
ACCOUNT = "account.json"
TOKEN = "token"  # noqa: S105 - the name of a file


def detach() -> None:
    """Go on as the leader of a session of our own, the parent having ended."""
    if os.fork():
        os._exit(0)
    os.setsid()


def note_state(folder: Path, port: int) -> None:
    """Write process id, port and Label Studio's version, whole or not at all."""
    temporary = folder / f".{STATE}.tmp"
    state = {"pid": os.getpid(), "port": port, "version": version("label-studio")}
    temporary.write_text(json.dumps(state), encoding="utf-8")
    temporary.replace(folder / STATE)


def hand_over_account(folder: Path) -> None:
    """Let the server make the owner's account, on the first start only."""
    if not (folder / TOKEN).exists():
        account = json.loads((folder / ACCOUNT).read_text(encoding="utf-8"))
        os.environ.update(USERNAME=account["email"], PASSWORD=account["password"])


def is_worth_logging(record: logging.LogRecord) -> bool:
    """Only requests that failed are logged, and without the token that an invitation link carries."""
    record.msg = re.sub(r"(token=)[^&\s\"]+", r"\1(hidden)", record.getMessage())
    record.args = ()
    return record.levelno >= logging.WARNING


def keep_port(port: int, _debug: bool) -> int:
    """Do not move to the next port when this one is taken meanwhile: the caller would ask a stranger."""
    return port


def main(folder: Path, port: int | None = None) -> None:
    """Start the server, or without a port make the tables of its database."""
    os.umask(0o077)
    os.chdir(folder)
    # Its settings are read before its arguments: without this a second folder appears in the user's home.
    os.environ["LABEL_STUDIO_BASE_DATA_DIR"] = str(folder)
    sys.argv = ["label-studio", "version", "--data-dir", str(folder)]
    if port is not None:
        detach()
        note_state(folder, port)
        hand_over_account(folder)
        logging.getLogger("django.server").addFilter(is_worth_logging)
        sys.argv[1:2] = [
            "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port),
            "--host", f"http://127.0.0.1:{port}",
        ]  # fmt: skip
    from label_studio import server

    server._get_free_port = keep_port  # noqa: SLF001 - the version is pinned
    server.main()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
