"""One real Label Studio for all live tests, in a data directory of its own that is thrown away.

The environment is the one of `goldwire annotate serve`, installed on first use (four minutes).
GOLDWIRE_LIVE=off leaves these tests out; GOLDWIRE_LIVE=require, or CI=true, lets them fail where they
cannot run.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from goldwire.annotate import environment, server
from goldwire.annotate.server import Server
from goldwire.corpora.errors import ServerError


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest, missing: Callable[[str], NoReturn]) -> Path:
    """The environment with Label Studio."""
    if os.environ.get("GOLDWIRE_LIVE") == "off":
        pytest.skip("live tests are switched off by GOLDWIRE_LIVE=off")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled():
            return environment.install(progress=print)
    except ServerError as error:
        missing(f"Label Studio is not installed here, and could not be: {error}")


@pytest.fixture(scope="session")
def labelstudio(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server; its owner's token is `server.token(labelstudio.data_dir)`."""
    folder = tmp_path_factory.mktemp("labelstudio")
    yield server.start(folder)
    server.stop(folder)
