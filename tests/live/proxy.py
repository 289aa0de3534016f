"""A proxy that loses things: between Goldwire and a real server, for the tests that must survive it.

`python proxy.py BACKEND [--seed N] [--rate R] [--hold SECONDS]` prints its port and serves till it is killed.
Of the requests the share `rate` meets with one of these, by chance (seeded):

    unsent    the connection is closed, the server never hears of it
    lost      the server carries it out, the answer is thrown away
    cut       the answer ends in the middle
    early502  502, and the server never hears of it
    late502   the server carries it out, and the answer is 502
    busy      429 with Retry-After
    slow      the server carries it out, the answer comes after `hold` seconds
    delayed   only after `hold` seconds does the server hear of it

GET /proxy/counts tells how many requests met with what; POST /proxy/rate sets the share.
"""

import argparse
import contextlib
import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

# What costs seconds comes half as often.
KINDS = ("unsent", "lost", "cut", "early502", "late502", "busy") * 2 + ("slow", "delayed")


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, backend: str, seed: int, rate: float, hold: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.backend = urlsplit(backend)
        self.random = random.Random(seed)
        self.rate = rate
        self.hold = hold
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()

    def draw(self) -> str:
        """What the next request meets with."""
        with self.lock:
            kind = self.random.choice(KINDS) if self.random.random() < self.rate else "through"
            self.counts[kind] += 1
            return kind


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/proxy/"):
            self.control(body)
            return
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.meet(self.server.draw(), body)

    def control(self, body: bytes) -> None:
        if self.path == "/proxy/rate":
            self.server.rate = float(body)
        self.reply(200, json.dumps(self.server.counts).encode())

    def meet(self, kind: str, body: bytes) -> None:
        if kind in ("unsent", "early502", "busy"):
            self.refuse(kind)
            return
        if kind == "delayed":
            time.sleep(self.server.hold)
        status, headers, data = self.forward(body)
        if kind == "slow":
            time.sleep(self.server.hold)
        if kind == "lost":
            self.hang_up()
        elif kind == "late502":
            self.reply(502, b"<html>Bad Gateway</html>")
        elif kind == "cut" and data:
            self.reply(status, data, headers, send=len(data) // 2)
            self.hang_up()
        else:
            self.reply(status, data, headers)

    def refuse(self, kind: str) -> None:
        if kind == "unsent":
            self.hang_up()
        elif kind == "busy":
            self.reply(429, b'{"detail":"Request was throttled."}', {"Retry-After": "0"})
        else:
            self.reply(502, b"<html>Bad Gateway</html>")

    def forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        host, port = self.server.backend.hostname or "", self.server.backend.port
        connection = http.client.HTTPConnection(host, port, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        connection.request(self.command, self.path, body or None, headers)
        got = connection.getresponse()
        data = got.read()
        kept = {name: value for name, value in got.getheaders() if name.lower() in ("content-type", "date")}
        connection.close()
        return got.status, kept, data

    def reply(
        self, status: int, data: bytes, headers: dict[str, str] | None = None, send: int | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[:send])

    def hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - names of the standard library

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("backend")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--rate", type=float, default=0.3)
    arguments.add_argument("--hold", type=float, default=3.0)
    given = arguments.parse_args()
    proxy = Proxy(given.backend, given.seed, given.rate, given.hold)
    print(proxy.server_port, flush=True)
    proxy.serve_forever()
