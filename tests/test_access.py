"""Server and token are found where they were put, and a missing one is told with what to do."""

from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import pytest

from goldwire.annotate.local import access
from goldwire.corpora.errors import ServerError


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        return "of-the-ring" if (service, username) == ("goldwire", "https://labels.example.org") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variables, and a keyring that is ours."""
    for name in (access.URL, access.TOKEN):
        monkeypatch.delenv(name, raising=False)
    ring: Any = Ring
    monkeypatch.setattr(keyring, "get_password", ring().get_password)


def test_file_goes_before_environment_and_environment_before_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://labels.example.org/"
    (tmp_path / "token").write_text("of-the-file\n")
    (tmp_path / "token").chmod(0o600)
    assert access.find(url, data_dir=tmp_path) == ("https://labels.example.org", "of-the-ring")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "of-the-environment")
    assert access.find(url, data_dir=tmp_path)[1] == "of-the-environment"
    assert access.find(url, tmp_path / "token", data_dir=tmp_path)[1] == "of-the-file"


def test_address_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", "https://labels.example.org")
    assert access.find(data_dir=tmp_path)[0] == "https://labels.example.org"


def test_nothing_found_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="goldwire annotate serve"):
        access.find(data_dir=tmp_path)
    with pytest.raises(
        ServerError, match=r"LABEL_STUDIO_API_KEY.*--token-file.*keyring set goldwire http://h"
    ):
        access.find("http://h", data_dir=tmp_path)


def test_token_file_without_a_token_is_an_error_that_shows_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"secret\xff")
    for name in ("empty", "binary"):
        (tmp_path / name).chmod(0o600)
    with pytest.raises(ServerError, match="empty"):
        access.find("http://h", tmp_path / "empty", data_dir=tmp_path)
    with pytest.raises(ServerError, match="no token can be read there") as caught:
        access.find("http://h", tmp_path / "binary", data_dir=tmp_path)
    assert "secret" not in str(caught.value)


def test_machine_without_a_keyring_does_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends import fail

    ring: Any = fail.Keyring
    monkeypatch.setattr(keyring, "get_password", ring().get_password)
    with pytest.raises(ServerError, match="no token for https://labels"):
        access.find("https://labels.example.org", data_dir=tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_token_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    path.write_text("abcdefgh")
    path.chmod(mode)
    with pytest.raises(ServerError, match=f"chmod 600 {path}") as caught:
        access.find("http://h", path, data_dir=tmp_path)
    assert "abcdefgh" not in str(caught.value)
