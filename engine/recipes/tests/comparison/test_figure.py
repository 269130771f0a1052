"""What may be concluded from a number."""

import numpy as np
import pytest

from rejoinder_recipes.comparison.statistics.figure import FEWEST_CONVERSATIONS, figure

from .made_up import wilson

ROUNDS = np.random.default_rng(0).normal(0.6, 0.02, size=2000)


def test_an_interval_on_one_side_of_neutral_is_a_finding() -> None:
    found = figure(0.6, ROUNDS, 200, neutral=0.5)
    assert found.finding == "higher" and found.low is not None and 0.5 < found.low < 0.6
    assert figure(0.6, ROUNDS, 200, neutral=0.7).finding == "lower"
    assert figure(0.6, ROUNDS, 200, neutral=0.61).finding == "no difference"
    assert figure(0.6, ROUNDS, 200, neutral=None).finding == "described"


def test_what_could_have_been_seen_is_the_closed_form() -> None:
    # (z₀.₉₇₅ + z₀.₈) standard errors.
    assert figure(0.6, ROUNDS, 200, neutral=0.5).detectable == pytest.approx(2.8016 * ROUNDS.std(), rel=1e-3)


def test_four_of_five_samples_show_the_smallest_detectable_difference() -> None:
    error = 0.02
    detectable = figure(0.5, np.random.default_rng(1).normal(0.5, error, 20000), 2000, neutral=0.5).detectable
    assert detectable is not None
    samples = np.random.default_rng(2).normal(0.5 + detectable, error, 20000)
    assert np.mean(samples - 1.96 * error > 0.5) == pytest.approx(0.8, abs=0.01)


def test_too_few_conversations_give_no_number() -> None:
    found = figure(0.6, ROUNDS, FEWEST_CONVERSATIONS - 1, neutral=0.5)
    assert (found.value, found.low, found.high, found.detectable, found.finding) == (None, None, None, None, "too few")
    assert figure(0.6, ROUNDS, FEWEST_CONVERSATIONS, neutral=0.5).value == 0.6


def test_too_many_rounds_without_a_row_give_no_number() -> None:
    some = ROUNDS.copy()
    some[:21] = np.nan
    assert figure(0.6, some, 200, neutral=0.5).finding == "too few"
    some[1:] = ROUNDS[1:]
    assert figure(0.6, some, 200, neutral=0.5).finding == "higher"


@pytest.mark.parametrize("wins", [0, 12])
def test_unanimity_gets_wilsons_interval_and_not_one_without_width(wins: int) -> None:
    found = figure(wins / 12, np.full(2000, wins / 12), 12, neutral=0.5, bounds=(0, 1))
    assert (found.low, found.high) == pytest.approx(wilson(wins, 12), abs=1e-6)


def test_nothing_but_ties_could_have_been_otherwise() -> None:
    found = figure(0.5, np.full(2000, 0.5), 12, neutral=0.5, bounds=(0, 1))
    assert found.finding == "no difference" and found.low is not None and found.high is not None
    assert found.low < 0.4 < 0.6 < found.high


def test_unanimity_without_bounds_gives_no_number_unless_it_is_exact() -> None:
    assert figure(0.0, np.zeros(2000), 50, neutral=0.0).finding == "too few"
    found = figure(0.0, np.zeros(2000), 50, neutral=0.0, exact=True)
    assert (found.value, found.low, found.high, found.finding) == (0.0, 0.0, 0.0, "no difference")
