"""Colours of labels can be told apart."""

import itertools

import pytest

from goldwire.annotate.interface import colours
from goldwire.corpora import ontology

# About 2.3 is the smallest difference that people notice (Mahy et al. 1994); labels are small and apart.
APART = 10


def nearest(painted: dict[str, str]) -> float:
    labs = [colours.lab(colour) for colour in painted.values()]
    return min(colours.distance(one, other) for one, other in itertools.combinations(labs, 2))


@pytest.mark.parametrize(
    ("colour", "expected"),
    [  # Lindbloom's CIE calculator, sRGB, D65
        ("#ffffff", (100.0, 0.0, 0.0)),
        ("#ff0000", (53.24, 80.09, 67.20)),
        ("#0000ff", (32.30, 79.19, -107.86)),
        ("#000000", (0.0, 0.0, 0.0)),
    ],
)
def test_lab_is_that_of_published_conversions(colour: str, expected: tuple[float, float, float]) -> None:
    assert colours.lab(colour) == pytest.approx(expected, abs=0.05)


def test_forty_labels_without_colours_get_forty_that_can_be_told_apart() -> None:
    assert nearest(colours.paint({str(n): None for n in range(40)})) > APART


def test_colours_are_light_enough_for_black_letters() -> None:
    assert min(colours.lab(c)[0] for c in colours.paint({str(n): None for n in range(40)}).values()) > 40


def test_given_colours_are_kept_and_kept_away_from() -> None:
    painted = colours.paint({"a": "#6060FC", "b": None})
    assert painted["a"] == "#6060fc"
    assert nearest(painted) > 100


def test_the_shipped_ontology_has_colours_that_can_be_told_apart() -> None:
    conflict = ontology.read("conflict")
    given = {name: entity.colour for name, entity in conflict.entities.items()}
    given |= {name: event.colour for name, event in conflict.events.items()}
    assert nearest(colours.paint(given)) > APART


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345g", 'red" onload="x'])
def test_what_is_no_colour_is_told_from_one(colour: str) -> None:
    assert not colours.is_colour(colour)
    assert colours.is_colour("#FCD8b4")
