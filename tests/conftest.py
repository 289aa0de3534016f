"""Fixtures of all tests: where the checkout is, and the material beside it that cannot be redistributed."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import hypothesis
import pytest

from goldwire.__main__ import main
from goldwire.corpora import secrets

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A deadline on a machine that is busy with something else says nothing about the code.
hypothesis.settings.register_profile("goldwire", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=20)
hypothesis.settings.load_profile("goldwire")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Live tests stay in one process, so that they share one server while others run beside them."""
    for item in items:
        if "live" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("live"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]


class Said(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed with --json."""
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets of one test are none of another's."""
    monkeypatch.setattr(secrets, "_REGISTERED", {})


@pytest.fixture
def said_by(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Call `goldwire …` in this process, as its users do."""

    def call(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["goldwire", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return Said(int(caught.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture
def program() -> Callable[..., Said]:
    """Call `goldwire …` as a process of its own, with some more variables."""

    def call(*words: object, **variables: str) -> Said:
        command = [sys.executable, "-m", "goldwire", *map(str, words)]
        whole = {**os.environ, **variables}
        done = subprocess.run(command, env=whole, capture_output=True, text=True, timeout=120, check=False)
        return Said(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def shared(root: Path) -> Path:
    """Data sets, articles and Label Studio samples: read there, never copied into the project."""
    folder = Path(os.environ.get("GOLDWIRE_SHARED", root.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder} with data that cannot be redistributed; name one in GOLDWIRE_SHARED")
    return folder


@pytest.fixture(scope="session")
def articles(shared: Path) -> Path:
    """The folder with the two news articles."""
    folder = shared / "articles"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder} with the two articles")
    return folder


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Skip for want of a server or a browser; where they are required, fail."""

    def skip_or_fail(reason: str) -> NoReturn:
        if os.environ.get("GOLDWIRE_LIVE") == "require" or os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return skip_or_fail


@pytest.fixture(scope="session")
def browser(missing: Callable[[str], NoReturn]) -> Iterator["Browser"]:
    """A headless Chromium of the system's own; open a `new_context()` for each person."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing("no Chromium on this machine: install Debian's package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            # Chromium's sandbox refuses root; the others keep it from calling home.
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def serving() -> ModuleType:
    """The module tests/serving.py: a small HTTP server that answers as a test wants."""
    return beside("serving")


@pytest.fixture(scope="session")
def hosts_module() -> ModuleType:
    """The module tests/hosts.py: schedulers and workers of Dask as processes of this machine."""
    return beside("hosts")


@pytest.fixture(scope="session")
def leaks() -> Callable[..., list[bytes]]:
    """The function of tests/leaks.py: pieces of secrets that can be read in a text."""
    found: Callable[..., list[bytes]] = beside("leaks").leaks
    return found


def beside(name: str) -> ModuleType:
    """A module of this folder that holds no tests."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---------------------------------------------------------------- S3 on this machine
S3_SECRET = "planted/secret+of+forty+characters/in+all"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """An S3 server with a bucket called news; its address."""
    moto = pytest.importorskip("moto.server", reason="moto, an S3 server on this machine, is not installed")
    boto3 = pytest.importorskip("boto3", reason="boto3, which makes the bucket, is not installed")
    pytest.importorskip("obstore", reason="obstore, which reads S3, is not installed")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AK",
        aws_secret_access_key=S3_SECRET,
    )
    client.create_bucket(Bucket="news")
    yield url
    client.close()
    running.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An address of this test's own on the server."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AK",
        "AWS_SECRET_ACCESS_KEY": S3_SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    return f"s3://news/{tmp_path.name}-{time.time_ns()}"
