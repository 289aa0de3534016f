"""A small real HTTP server for tests: each request is answered by the next reply of a list."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Reply:
    """What a server says: `slow` seconds pass first, `cut` bytes of the body are kept back."""

    body: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0
    cut: int = 0


@dataclass
class Request:
    """What a server was asked."""

    path: str
    headers: dict[str, str]
    body: Any


class Server:
    """Answers by `answer(request)`, or by a list of replies one after the other, the last for ever."""

    def __init__(self, answer: Callable[[Request], Reply], port: int = 0) -> None:
        self.requests: list[Request] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                request = Request(self.path, dict(self.headers), json.loads(self.rfile.read(length)))
                server.requests.append(request)
                reply = answer(request)
                time.sleep(reply.slow)
                body = reply.body if isinstance(reply.body, str | bytes) else json.dumps(reply.body)
                data = body if isinstance(body, bytes) else body.encode()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: len(data) - reply.cut])
                if reply.cut:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def serving(*replies: Reply | Callable[[Request], Reply], port: int = 0) -> Iterator[Server]:
    """A running server that gives the replies in turn, or calls the function given; at any port for 0."""
    waiting = list(replies)

    def answer(request: Request) -> Reply:
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return reply if isinstance(reply, Reply) else reply(request)

    server = Server(answer, port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Here:
    """Stands in for the pool of worker processes: the system runs in the process of the test.

    For tests of what a system does with a server; what the pool does has tests of its own.
    """

    def __init__(self, job: Any, *, workers: int = 1, timeout: float | None = None) -> None:
        self._job = job

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, documents: Any) -> Iterator[Any]:
        from goldwire.eval.systems.extractor import open_extractor
        from goldwire.eval.systems.pool import Finished, Started
        from goldwire.eval.systems.worker import Ready, run_batch

        extractor: Any = open_extractor(self._job.spec, self._job.context)
        ready = Ready(name=extractor.name, version="", provides=[], batch=1, seconds=0.0)
        yield Started(ready, 0.0)
        try:
            for i, document in enumerate(documents):
                for result in run_batch(extractor, (document,), None):
                    yield Finished(i, result)
        finally:
            getattr(extractor, "close", lambda: None)()
