"""Fixtures of all tests: where the checkout is, and the material beside it that cannot be redistributed."""

import os
from pathlib import Path

import hypothesis
import pytest

# A deadline on a machine that is busy with something else says nothing about the code.
hypothesis.settings.register_profile("goldwire", deadline=None)
hypothesis.settings.load_profile("goldwire")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]


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
