"""Worked examples of the literature and test cases of the reference scorers for coreference."""

import pytest

from goldwire.eval.counting.coref import MEANS, count


def prf(numbers):
    system_hits, system, gold_hits, gold = numbers
    p, r = system_hits / system if system else None, gold_hits / gold if gold else None
    f = 2 * p * r / (p + r) if p and r else 0.0
    return p, r, f


def mean_f(numbers, measure):
    return sum(prf(numbers[part])[2] for part in MEANS[measure]) / len(MEANS[measure])


# Pradhan et al. 2014, "Scoring Coreference Partitions of Predicted Mentions", the example of its figure:
# key {a b c} {d e f g}, response {a b} {c d} {f g h i}; P, R and F1 as printed there. BLANC and LEA are
# counted by hand below.
PRADHAN = count(["abc", "defg"], ["ab", "cd", "fghi"])


@pytest.mark.parametrize(
    ("part", "printed"),
    [("muc", (0.40, 0.40, 0.40)), ("b3", (0.50, 0.42, 0.46)), ("ceaf-e", (0.43, 0.65, 0.52))],
)
def test_pradhan_2014(part, printed):
    p, r, f = printed
    assert prf(PRADHAN[part])[:2] == pytest.approx((p, r), abs=0.005)
    # The F1 of B3 is .4545; the .46 in print is the F1 of .50 and .42, rounded before.
    assert f == pytest.approx(2 * p * r / (p + r), abs=0.005)
    assert prf(PRADHAN[part])[2] == pytest.approx(f, abs=0.006)


def test_pradhan_2014_counted_by_hand():
    # Best alignment by mentions: abc-ab (2) and defg-fghi (2); 7 mentions in the key, 8 in the response.
    assert PRADHAN["ceaf-m"] == (4, 8, 4, 7)
    # Coreference links: key ab ac bc de df dg ef eg fg = 9; response ab cd fg fh fi gh gi hi = 8; both ab fg.
    assert PRADHAN["blanc-links"] == (2, 8, 2, 9)
    # Non-coreference links: key 3 x 4 = 12; response 2x2 + 2x4 + 2x4 = 20; both ad bd af ag bf bg cf cg.
    assert PRADHAN["blanc-nonlinks"] == (8, 20, 8, 12)
    # BLANC F1: (4/17 + 16/32) / 2.
    assert mean_f(PRADHAN, "blanc") == pytest.approx((4 / 17 + 1 / 2) / 2)
    # LEA: key abc has 1 of 3 links, defg 1 of 6: (3/3 + 4/6) / 7; response ab 1 of 1, cd 0, fghi 1 of 6.
    assert PRADHAN["lea"] == pytest.approx((2 + 4 / 6, 8, 1 + 4 / 6, 7))


# Luo 2005, "On Coreference Resolution Performance Metrics", table 1: key {1..5} {6 7} {8 9 A B C} and four
# responses; F1 as printed. The paper leaves MUC of (d) undefined for want of links in the response.
LUO_KEY = ["12345", "67", "89ABC"]


@pytest.mark.parametrize(
    ("response", "printed"),
    [
        (["12345", "6789ABC"], {"muc": 0.947, "b3": 0.865, "ceaf-m": 0.833, "ceaf-e": 0.733}),
        (["1234589ABC", "67"], {"muc": 0.947, "b3": 0.737, "ceaf-m": 0.583, "ceaf-e": 0.667}),
        (["123456789ABC"], {"muc": 0.900, "b3": 0.545, "ceaf-m": 0.417, "ceaf-e": 0.294}),
        (list("123456789ABC"), {"b3": 0.400, "ceaf-m": 0.250, "ceaf-e": 0.178}),
    ],
)
def test_luo_2005(response, printed):
    numbers = count(LUO_KEY, response)
    assert {part: prf(numbers[part])[2] for part in printed} == pytest.approx(printed, abs=0.0005)


# The test cases A of the CoNLL reference scorer: key {a} {b c} {d e f}; CEAF as its configuration states,
# MUC, B3 and LEA as the fractions in the unit tests of coval. Order: recall, precision.
CASES = {
    2: (
        ["a", "de"],
        {"ceaf-m": (3 / 6, 1), "ceaf-e": (0.6, 0.9), "muc": (1 / 3, 1), "b3": (7 / 18, 1), "lea": (2 / 6, 1)},
    ),
    3: (
        ["a", "bcx", "defy", "z"],
        {
            "ceaf-m": (1, 6 / 9),
            "ceaf-e": (0.88571, 0.66429),
            "muc": (1, 3 / 5),
            "b3": (1, 55 / 108),
            "lea": (1, 4 / 9),
        },
    ),
    4: (
        ["a", "bcx", "dy", "z"],
        {
            "ceaf-m": (4 / 6, 4 / 7),
            "ceaf-e": (0.73333, 0.55),
            "muc": (1 / 3, 1 / 3),
            "b3": (5 / 9, 17 / 42),
            "lea": (3 / 6, 2 / 7),
        },
    ),
    5: (
        ["a", "bcxB", "dy", "z"],
        {
            "ceaf-m": (4 / 6, 4 / 8),
            "ceaf-e": (0.68889, 0.51667),
            "muc": (1 / 3, 1 / 4),
            "b3": (5 / 9, 5 / 16),
            "lea": (3 / 6, 5 / 24),
        },
    ),
    6: (
        ["a", "bcx", "dy", "Bz"],
        {
            "ceaf-m": (4 / 6, 4 / 8),
            "ceaf-e": (0.73333, 0.55),
            "muc": (1 / 3, 1 / 4),
            "b3": (5 / 9, 17 / 48),
            "lea": (3 / 6, 2 / 8),
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_reference_scorer_case_a(case):
    response, expected = CASES[case]
    numbers = count(["a", "bc", "def"], response)
    for part, (recall, precision) in expected.items():
        assert prf(numbers[part])[:2] == pytest.approx((precision, recall), abs=5e-6), part


def test_identical_singletons_score_one_with_lea_and_have_no_muc():
    # coval's case N-1 states LEA 1 and MUC 0; here MUC is undefined, not 0.
    numbers = count(list("abcdef"), list("abcdef"))
    assert prf(numbers["lea"]) == (1, 1, 1)
    assert numbers["muc"] == (0, 0, 0, 0)
