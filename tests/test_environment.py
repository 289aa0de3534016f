"""Label Studio's environment is made whole, once, whoever is killed or comes at the same time.

Here the package installed is a tiny stand-in from a folder, so that it takes seconds; the real one is
installed by the live tests.
"""

import os
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from goldwire.annotate.local import environment
from goldwire.corpora.errors import ServerError

FILES = {
    "label_studio/__init__.py": "",
    "label_studio/server.py": "def main():\n    open('label_studio.sqlite3', 'w').write('tables')\n",
    "label_studio-1.23.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: label-studio\nVersion: 1.23.2\n",
    "label_studio-1.23.2.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "label_studio-1.23.2.dist-info/RECORD": "",
}
INSTALL = (
    "import sys; from pathlib import Path; from goldwire.annotate.local import environment\n"
    "environment.install(Path(sys.argv[1]), progress=lambda line: print(line, flush=True))"
)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def standin(packages: Path) -> None:
    with zipfile.ZipFile(packages / "label_studio-1.23.2-py3-none-any.whl", "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "label-studio-1.23.2"


@pytest.mark.slow
@pytest.mark.usefixtures("standin")
def test_installs_once_and_gives_new_data_directories_their_tables(target: Path, tmp_path: Path) -> None:
    told: list[str] = []
    assert environment.install(target, progress=told.append) == target
    assert environment.is_installed(target)
    count = len(environment.recipe().packages) + 1  # they, and Label Studio
    assert [line.split(str(target))[0].replace("label_studio", "label-studio") for line in told] == [
        "Label Studio 1.23.2 is installed in ",
        f"Fetching label-studio (1 of {count})",
        f"Unpacking {count} packages",
        "Making the tables of its database",
    ]

    environment.install(target, progress=told.append)
    assert len(told) == 4

    environment.make_database(target, tmp_path)
    database = tmp_path / "label_studio.sqlite3"
    assert database.read_text() == "tables"
    assert database.stat().st_mode & 0o777 == 0o600
    database.write_text("annotations")
    environment.make_database(target, tmp_path)
    assert database.read_text() == "annotations"


@pytest.mark.slow
@pytest.mark.usefixtures("packages")
def test_failed_installation_shows_why_and_counts_as_none(target: Path) -> None:
    with pytest.raises(ServerError) as caught:
        environment.install(target)
    assert "ERROR: No matching distribution found for label-studio==1.23.2" in str(caught.value)
    assert f"The whole log is in {target}.log" in str(caught.value)
    assert not environment.is_installed(target)


@pytest.mark.usefixtures("standin")
@pytest.mark.slow
@pytest.mark.parametrize("step", ["Fetching", "Making the tables"])
def test_killed_installation_is_begun_anew(target: Path, step: str) -> None:
    command = [sys.executable, "-c", INSTALL, str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert any(step in line for line in killed.stdout)
        killed.send_signal(signal.SIGKILL)
    assert not environment.is_installed(target)

    environment.install(target)
    assert environment.is_installed(target)
    assert sorted(path.name for path in target.glob("template*")) == ["template"]


@pytest.mark.slow
@pytest.mark.usefixtures("standin")
def test_two_at_once_install_once(target: Path) -> None:
    told: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: environment.install(target, progress=told.append), range(2)))
    assert sum("is installed in" in line for line in told) == 1


def test_lock_is_given_back_by_a_process_that_dies(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = (
        "import sys, time; from pathlib import Path; from goldwire.annotate.local.environment import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()

        def wait() -> float:
            with environment.locked(path):
                return time.monotonic()

        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(wait)
            time.sleep(0.3)
            killed = time.monotonic()
            holder.kill()
            assert waiting.result(timeout=10) > killed


def test_server_settings_are_private_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("LANG", "C.UTF-8")
    settings = environment.settings()
    assert settings["LANG"] == "C.UTF-8"
    assert settings["COLLECT_ANALYTICS"] == settings["LATEST_VERSION_CHECK"] == "false"
    assert settings["SENTRY_DSN"] == settings["FRONTEND_SENTRY_DSN"] == ""
    assert settings["DISABLE_SIGNUP_WITHOUT_LINK"] == "true"
    assert set(settings) - set(environment.recipe().settings) <= set(environment.INHERITED)


def test_sdk_is_the_one_that_the_server_pins() -> None:
    from importlib.metadata import version

    assert environment.recipe().packages["label-studio-sdk"] == version("label-studio-sdk")
