"""Exit codes: 0 ok, 1 the check failed, 2 could not judge or wrong use, 70 a fault of ours."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from goldwire.cli import ending, streams
from goldwire.corpora import address
from goldwire.corpora.errors import DataError, ServerError
from goldwire.corpora.store import Manifest, create_corpus, make_document

ROOT = Path(__file__).parents[1]
PYTHON = [sys.executable, "-m", "goldwire"]
TOKEN = "0123456789abcdef0123456789abcdef01234567"  # as Label Studio's legacy ones look


def goldwire(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PYTHON, *map(str, arguments)], capture_output=True, text=True, check=False, **settings
    )  # type: ignore[call-overload]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    documents = [make_document(f"d{i}", f"Kabul fell, {i}. Café — 𝒳 \u202e.") for i in range(3)]
    return create_corpus(tmp_path / "work", Manifest(name="w", ontology="conflict"), documents).path


# ---------------------------------------------------------------- faults of ours
def fault() -> None:
    raise ValueError(f"cannot send it: Authorization Token {TOKEN}, key=open-sesame-7")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SOME_API_KEY", "open-sesame-7")
    return tmp_path / "state"


@pytest.mark.skipif(sys.platform != "linux", reason="folders of state are elsewhere")
def test_an_unforeseen_exception_is_a_fault_of_ours_and_kept_without_secrets(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending.run(fault) == 70
    (kept,) = (state / "goldwire").iterdir()
    told, text = capsys.readouterr().err, kept.read_text()
    assert told.startswith("goldwire: this is a fault in Goldwire")
    assert told.count("\n") == 1
    assert str(kept) in told
    assert "in fault" in text  # the trace
    assert kept.stat().st_mode & 0o777 == 0o600
    for secret in (TOKEN, "open-sesame-7"):
        assert secret not in told + text


def test_a_trace_that_cannot_be_saved_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_save", lambda _: None)
    assert ending.run(fault) == 70
    told = capsys.readouterr().err
    assert "could not be saved" in told
    assert "in fault" in told
    assert TOKEN not in told


@pytest.mark.parametrize(
    "text",
    [
        f"Token {TOKEN}",
        "Bearer abc",
        "eyJhbGciOi.eyJzdWIi.s1gnature",
        "https://me:password@host/x",
        f"http://h/?token={TOKEN}",
    ],
)
def test_what_looks_like_a_token_is_hidden(text: str) -> None:
    hidden = ending.hidden(text)
    for secret in (TOKEN, "abc", "s1gnature", "password"):
        assert secret not in hidden


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (DataError("x.json: not a record"), 2, "goldwire: x.json: not a record\n"),
        (
            OSError(28, "No space left on device", "out.html"),
            2,
            "goldwire: out.html: No space left on device\n",
        ),
        (MemoryError(), 2, "goldwire: out of memory"),
        (KeyboardInterrupt(), 130, "goldwire: stopped\n"),
        (SystemExit(1), 1, ""),
        (SystemExit(None), 0, ""),
    ],
)
def test_what_the_machine_or_the_user_did_is_no_fault_of_ours(
    error: BaseException, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def raising() -> None:
        raise error

    assert ending.run(raising) == code
    assert capsys.readouterr().err.startswith(told)


# ---------------------------------------------------------------- streams
def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    command = f"{sys.executable} -m goldwire eval measures | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("\n0\n")
    assert done.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")  # noqa: PTH110
def test_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*PYTHON, "eval", "measures"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
        assert done.returncode == 2
        assert done.stderr == "goldwire: standard output: cannot be written (No space left on device)\n"
        silent = subprocess.run([*PYTHON, "eval", "measures", "x"], stdout=full, stderr=full, check=False)
    assert silent.returncode == 2


@pytest.mark.parametrize("command", [["corpus", "show", "{work}"], ["corpus", "show", "{work}", "--json"]])
def test_a_terminal_that_knows_ascii_alone_is_enough(corpus: Path, command: list[str]) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = goldwire(*[part.format(work=corpus) for part in command], env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    if "--json" in command:
        json.loads(done.stdout)


def test_what_an_encoding_has_not_is_written_as_json_has_it() -> None:
    streams.prepare.__doc__  # noqa: B018
    import codecs

    codecs.register_error(streams.ESCAPE, streams._escaped)
    text = "é𝒳\ud800"
    assert text.encode("ascii", streams.ESCAPE) == b"\\u00e9\\ud835\\udcb3\\ud800"
    assert json.loads('"' + text.encode("ascii", streams.ESCAPE).decode() + '"') == text


# ---------------------------------------------------------------- a full disk
def test_a_full_disk_ends_a_run_with_two_and_the_next_one_completes_it(corpus: Path) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    done = goldwire("eval", "run", corpus, "--system", "x=lexicon", preexec_fn=small)
    assert done.returncode == 2
    assert "cannot be written (File too large)" in done.stderr
    again = goldwire("eval", "run", corpus, "--system", "x=lexicon")
    assert again.returncode == 0
    assert "3/3 documents" in again.stderr or "reused" in again.stdout + again.stderr


# ---------------------------------------------------------------- addresses and paths
@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://[", "http://[::1]:x", "http://h:99999", "http://h:0", "http://a\nb", "http://a b",
     "x", "ftp://h", "http://", "http://h/\x00"],
)  # fmt: skip
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ServerError, match="no address"):
        address.split(url, ServerError)


def test_a_folder_in_place_of_a_file_is_told(corpus: Path, tmp_path: Path) -> None:
    from goldwire.corpora.atomic import write_atomic
    from goldwire.corpora.errors import CorpusError

    for place in (Path("/"), tmp_path, Path("..")):
        with pytest.raises(CorpusError):
            write_atomic(place, b"x")


# ---------------------------------------------------------------- inputs that were tracebacks
CASES = {
    "a.csv": (b'id,"te"xt\na,b\n', "not valid CSV"),
    "a.jsonl": (b'{"id":"a","text":"x","title":"\\ud800"}\n', "half a character"),
    "b.jsonl": (b'{"id":"\\ud800","text":"x"}\n', "half a character"),
    "a.parquet": (b"PAR1" + bytes(range(200)) + b"PAR1", "Parquet"),
}


@pytest.mark.parametrize("name", CASES)
def test_damaged_articles_are_told(tmp_path: Path, name: str) -> None:
    data, told = CASES[name]
    (tmp_path / name).write_bytes(data)
    done = goldwire("corpus", "new", tmp_path / "w", "--from", tmp_path / name)
    assert done.returncode == 2
    assert told.lower() in done.stderr.lower()
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    "encoding", ["punycode", "idna", "undefined", "unicode_escape", "rot13", "zlib", "x\0y"]
)
def test_encodings_that_no_file_is_written_in_are_refused(encoding: str) -> None:
    from goldwire.corpora.encodings import decode

    with pytest.raises(DataError, match="there is no encoding"):
        decode(b"abc,\xff", "a.txt", encoding)


def test_an_equiv_line_without_ids_is_told_with_its_line() -> None:
    from goldwire.corpora.formats.ann import parse

    with pytest.raises(DataError, match=r"a.ann:2: an Equiv line names the ids"):
        parse("T1\tGPE 0 5\tKabul\n*\tEquiv \n", "a.ann")


def test_windows_own_python_is_refused_with_what_to_do() -> None:
    code = "import os; from goldwire.__main__ import main; os.name = 'nt'; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "install goldwire in WSL" in done.stderr
