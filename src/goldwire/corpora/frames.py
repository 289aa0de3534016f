"""Answers for `parquet`, in a process of its own: what a Parquet file has, and its rows, some at a time.

Started as a file, of which it needs nothing but polars. A request is a line of JSON on standard input; the
answer is a letter (`o` or `e`), eight bytes that say how long it is, and so many bytes: JSON or Arrow's IPC
stream, or a message. It ends when nobody asks any more.
"""

from __future__ import annotations

import json
import select
import sys
from io import BytesIO
from typing import Any

IDLE = 20  # seconds without a request, after which it ends


def main() -> None:
    """Answer requests until standard input ends, or nothing comes for a while."""
    while select.select([sys.stdin.buffer], [], [], IDLE)[0]:
        line = sys.stdin.buffer.readline()  # requests come one by one: no second is left in the buffer
        if not line:
            return
        mark, content = _answer(json.loads(line))
        sys.stdout.buffer.write(mark + len(content).to_bytes(8, "big") + content)
        sys.stdout.buffer.flush()


def _answer(request: dict[str, Any]) -> tuple[bytes, bytes]:
    import polars

    try:
        return b"o", _rows(request) if "rows" in request else _head(request)
    except (Exception, polars.exceptions.PanicException) as error:  # noqa: BLE001 - told by who asked
        return b"e", f"{error}".partition("\n")[0].encode("utf-8", "replace")


def _head(request: dict[str, Any]) -> bytes:
    """The names of the columns and their types, and what the file says of itself."""
    import polars

    schema = polars.read_parquet_schema(request["path"])
    said = polars.read_parquet_metadata(request["path"])
    return json.dumps({"columns": {name: str(type) for name, type in schema.items()}, "said": said}).encode()


def _rows(request: dict[str, Any]) -> bytes:
    import polars

    scan = polars.scan_parquet(request["path"], glob=False, hive_partitioning=False)
    if request["columns"] is not None:
        scan = scan.select(request["columns"])
    frame = scan.slice(request["first"], request["rows"]).collect()
    content = BytesIO()
    frame.write_ipc_stream(content)
    return content.getvalue()


if __name__ == "__main__":
    main()
