"""Keys and tokens are in no text, in whatever form a server repeats them; other words stay."""

import base64
import html
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from goldwire.corpora import secrets

KEY = "sk-proj-Ab9_x+Qz07/Ghe12345678Lmno"
RAW = KEY.encode()


@pytest.mark.parametrize(
    "said",
    [
        KEY,
        KEY[:14],
        KEY[-9:],
        f"Authorization: Bearer {KEY}",
        f"https://h/callback#access_token={KEY}&x=1",
        quote(KEY, safe=""),
        quote(KEY, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
        quote(quote(KEY, safe=""), safe=""),
        base64.b64encode(RAW).decode(),
        base64.urlsafe_b64encode(RAW).decode(),
        base64.b64encode(b"user:" + RAW).decode(),
        base64.b64encode(b"me:" + RAW + b"\n").decode(),
        RAW.hex(),
        RAW.hex().upper(),
        KEY.upper(),
        "".join(f"%{byte:02x}" for byte in RAW),
        "".join(f"\\u{byte:04X}" for byte in RAW[:20]),
        "".join(f"&#{byte};" for byte in RAW),
        "".join(f"%25{byte:02X}" for byte in RAW),
        f"Incorrect API key provided: {KEY[:5]}********{KEY[-4:]}.",
        f"key ending in ...{KEY[-6:]}",
    ],
)
def test_no_form_of_a_key_can_be_read(said: str, leaks: Callable[..., list[bytes]]) -> None:
    secrets.register(KEY)
    told = secrets.hide(f"no: {said} !")
    assert told.startswith("no: ")
    for piece in [KEY[k : k + 8] for k in range(len(KEY) - 7)]:
        for form in (piece, quote(piece, safe="")):
            assert form.lower() not in told.lower()
    assert KEY[-4:] not in told
    assert KEY[8:20].lower() not in unquote(unquote(html.unescape(told))).lower()
    assert not leaks(told.encode(), KEY)


def test_the_search_for_leaks_finds_them(leaks: Callable[..., list[bytes]]) -> None:
    for said in (RAW[3:16], quote(KEY).encode(), base64.b64encode(b"a:" + RAW), RAW.hex().encode()):
        assert leaks(b"no: " + said, KEY)
    assert not leaks(b"nothing of it", KEY)


def test_other_words_stay() -> None:
    secrets.register(KEY)
    text = "The project of 07 Ghent, *** and ... more: sketches of 12345 soldiers"
    assert secrets.hide(text) == text


@pytest.mark.parametrize("dummy", ["EMPTY", "ollama", "none", "abc"])
def test_what_servers_on_this_machine_take_for_a_key_stays_in_data(dummy: str) -> None:
    secrets.register(dummy)
    body = f'{{"text": "an {dummy} phrase"}}'.encode()
    assert secrets.hide_bytes(body) == body


def test_a_part_of_a_key_is_hidden_in_data_too() -> None:
    secrets.register(KEY)
    for start in range(len(KEY) - 12):
        body = b'{"type": "' + RAW[start : start + 12] + b'"}'
        assert secrets.hide_bytes(body) == b'{"type": "***"}', start


def test_words_that_happen_to_be_in_a_key_stay_in_data() -> None:
    secrets.register("sk-no-key-required")
    assert secrets.hide_bytes(b"identification was required") == b"identification was required"
    assert secrets.hide_bytes(b'{"echo": "sk-no-key-required"}') == b'{"echo": "***"}'


def test_a_key_in_a_file_is_hidden_and_a_file_without_stays_as_it_is(tmp_path: Path) -> None:
    secrets.register(KEY)
    path = tmp_path / "export.json"
    for body, after in ((b"x" + RAW + b"y", b"x***y"), (b"", b""), (b"\xff plain", b"\xff plain")):
        path.write_bytes(body)
        secrets.hide_file(path)
        assert path.read_bytes() == after


def test_variables_that_are_called_keys_are_hidden_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "open-sesame-7")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    monkeypatch.setenv("GREETING", "hello-everyone")
    assert secrets.hide("open-sesame-7 false hello-everyone") == "*** false hello-everyone"


def test_what_is_a_token_by_its_looks_is_hidden_without_being_known() -> None:
    text = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl; Bearer abc.def; http://me:word@h/x"
    assert secrets.hide(text) == "***; Bearer ***; http://***@h/x"


@pytest.mark.slow
def test_part_of_a_key_is_found_wherever_it_stands_in_data() -> None:
    """In every form, at every distance from the beginning, across the parts in which long data are read."""
    key = "sk-live-Zq7vRt0pLm4x & Yc9w"
    secrets.register(key)
    form = base64.b64encode(key.encode()).decode().rstrip("=")
    for part in (key[3:15], key[-12:], quote(key, safe="")[7:19], form[4:16], key.encode().hex()[8:20]):
        for before in (*range(7), (1 << 20) - 6):
            body = b'"' + b"x" * before + part.encode() + b'y"'
            assert part.encode() not in secrets.hide_bytes(body)


def test_digits_that_half_of_a_part_has_by_chance_stay() -> None:
    key = "sk-live-Zq7vRt0pLm4x"
    secrets.register(key)
    body = f'"{key.encode().hex()[:11]}!0123456789abcdef{key[5:11]}0123456789abcdef"'.encode()
    assert secrets.hide_bytes(body) == body
