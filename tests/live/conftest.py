"""One real Label Studio for all live tests, in a data directory of its own that is thrown away.

The environment is the one of `goldwire annotate serve`, installed on first use (four minutes).
GOLDWIRE_LIVE=off leaves these tests out; GOLDWIRE_LIVE=require, or CI=true, lets them fail where they
cannot run.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

from goldwire.annotate.local import environment, server, session
from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import api
from goldwire.annotate.sync.client import Client
from goldwire.corpora.errors import ServerError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Span


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


@pytest.fixture
def client(labelstudio: Server) -> Iterator[Client]:
    """The API, as the server's owner."""
    connection = Client(labelstudio.url, server.token(labelstudio.data_dir))
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def no_leaks(
    request: pytest.FixtureRequest, tmp_path: Path, leaks: Callable[..., list[bytes]]
) -> Iterator[None]:
    """Nothing that any live test leaves on the disk has a piece of the owner's token in it."""
    yield
    if "labelstudio" not in request.fixturenames and "client" not in request.fixturenames:
        return
    running = request.getfixturevalue("labelstudio")
    signature = server.token(running.data_dir).rpartition(".")[2]
    own = (path for path in tmp_path.rglob("*") if path.is_file() and path.name != "token")
    found = {path for path in own if leaks(path.read_bytes(), signature)}
    assert not found


class Annotator(NamedTuple):
    """Somebody who has joined by invitation."""

    id: int
    email: str
    password: str
    client: Client


@pytest.fixture(scope="session")
def annotators(labelstudio: Server) -> Iterator[list[Annotator]]:
    """Two people who have joined: anna and ben."""
    found = []
    for name in ("anna", "ben"):
        email, password = f"{name}@annotators.example.org", "correct horse battery"
        token = session.make_token(session.join(server.invite(labelstudio), email, password))
        connection = Client(labelstudio.url, token)
        ids = {address: id for id, address in api.people(connection).items()}
        found.append(Annotator(ids[email], email, password, connection))
    yield found
    for person in found:
        person.client.close()


_SENTENCE = "Rebels attacked Kunduz 🙂 on day {:04}.\n"


@pytest.fixture(scope="session")
def make_corpus() -> Callable[[Path, int, int], Corpus]:
    """Makes a corpus of that many documents of about that many characters, with a layer `system/x`.

    The layer has a mention of rebels, one of Kunduz and an attack for each of the first three sentences.
    """

    def make(path: Path, documents: int, size: int = 200) -> Corpus:
        lines = range(size // len(_SENTENCE) + 1)
        texts = {
            f"d{n:05}": f"Report {n}.\n" + "".join(map(_SENTENCE.format, lines)) for n in range(documents)
        }
        made = [make_document(id, text) for id, text in texts.items()]
        manifest = Manifest(name=path.name, ontology="conflict")
        return create_corpus(path, manifest, made, layers={"system/x": map(_attacks, made)})

    return make


def _attacks(document: Document) -> Annotations:
    width = len(_SENTENCE.format(0))
    places = [document.text.index("Rebels") + width * number for number in range(3)]
    mentions, events = list[Mention](), list[Event]()
    for number, at in enumerate(place for place in places if place + width <= len(document.text)):
        mentions += [
            Mention(id=f"r{number}", type="MIL", spans=(Span(at, at + 6),)),
            Mention(id=f"k{number}", type="GPE", spans=(Span(at + 16, at + 22),)),
        ]
        arguments = (
            Argument(role="attacker", mention=f"r{number}"),
            Argument(role="place", mention=f"k{number}"),
        )
        trigger = (Span(at + 7, at + 15),)
        events.append(Event(id=f"e{number}", type="Attack", trigger=trigger, arguments=arguments))
    return Annotations(
        document=document.id, sha256=document.sha256, mentions=tuple(mentions), events=tuple(events)
    )


@pytest.fixture
def variables(labelstudio: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of somebody who uses the server as if it were not their own."""
    monkeypatch.setenv("LABEL_STUDIO_URL", labelstudio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.token(labelstudio.data_dir))


def _words(arguments: tuple[object, ...]) -> list[str]:
    """A command that knows of no local server, unless it is told of one."""
    elsewhere = [] if "--data-dir" in arguments else ["--data-dir", "nowhere"]
    return ["annotate", *map(str, arguments), *elsewhere]


@pytest.fixture
def run(variables: None, said_by: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Call `goldwire annotate …`, with some more variables."""

    def call(*arguments: object, **more: str) -> Any:
        with monkeypatch.context() as patch:
            for name, value in more.items():
                patch.setenv(name, value)
            return said_by(*_words(arguments))

    return call


@pytest.fixture
def spawn(variables: None, program: Callable[..., Any]) -> Callable[..., Any]:
    """Call `goldwire annotate …` as a program of its own, which the list of processes shows."""
    return lambda *arguments, **more: program(*_words(arguments), **more)
