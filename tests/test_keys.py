"""Keys in Label Studio: given ones kept, none twice, none that the program needs itself."""

import pytest

from goldwire.annotate.interface import keys


def test_given_keys_are_kept_and_others_take_a_free_letter_of_their_name() -> None:
    assert keys.deal({"Meet": "m", "Move": None, "Die": "D"}) == {"Meet": "m", "Move": "o", "Die": "d"}


def test_no_two_names_share_a_key_however_many_there_are() -> None:
    dealt = keys.deal(dict.fromkeys((f"type {n}" for n in range(60)), None))
    assert len({*dealt.values()}) == len(dealt) == 60


def test_names_beyond_all_keys_have_none() -> None:
    # 33 single keys and the same with shift
    assert len(keys.deal(dict.fromkeys((str(n) for n in range(80)), None))) == 66


def test_keys_of_other_controls_are_left_alone() -> None:
    assert keys.deal({"actual": None}, taken=["shift+a"], shifted=True) == {"actual": "shift+c"}


@pytest.mark.parametrize(
    "key", ["u", "alt+r", "12", "ctrl", ""]
)  # u unselects the region, alt+r draws an arrow
def test_what_label_studio_uses_itself_or_does_not_know_is_no_key(key: str) -> None:
    assert not keys.is_key(key)


@pytest.mark.parametrize("key", ["1", "M", "shift+e"])
def test_free_keys_are_keys(key: str) -> None:
    assert keys.is_key(key)
