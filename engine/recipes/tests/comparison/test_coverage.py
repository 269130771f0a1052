"""Do the intervals hold the truth as often as they say? By simulation, with few conversations.

`REJOINDER_SIMULATIONS=1000` gives the figures that stand in the source.
"""

import os
from collections.abc import Callable

import numpy as np
import pytest

from rejoinder_recipes.comparison.statistics.bootstrap import percentile_interval, resample

SIMULATIONS = int(os.environ.get("REJOINDER_SIMULATIONS", "300"))
Generator = np.random.Generator


def coverage(conversations: int, draw: Callable[[Generator, int], np.ndarray], truth: float) -> float:
    """The share of simulations whose interval holds the truth."""
    generator = np.random.default_rng(1)
    ids = [str(n) for n in range(conversations)]
    hits = 0
    for simulation in range(SIMULATIONS):
        drawn = resample(ids, rounds=400, seed=simulation)
        by_round = drawn.means(drawn.rows(ids), draw(generator, conversations))
        low, high = percentile_interval(by_round, conversations)
        hits += low <= truth <= high
    return hits / SIMULATIONS


@pytest.mark.parametrize(
    ("name", "draw", "truth", "least"),
    [
        ("normal", lambda generator, n: generator.normal(size=n), 0.0, 0.91),
        ("exponential", lambda generator, n: generator.exponential(size=n), 1.0, 0.85),
        ("lognormal", lambda generator, n: generator.lognormal(size=n), float(np.exp(0.5)), 0.77),
        ("yes or no", lambda generator, n: (generator.random(n) < 0.7) * 1.0, 0.7, 0.91),
    ],
)
def test_intervals_of_ten_conversations_cover(name: str, draw: Callable[[Generator, int], np.ndarray], truth: float, least: float) -> None:
    found = coverage(10, draw, truth)
    print(f"{name}: {found:.1%} with 10 conversations, {coverage(5, draw, truth):.1%} with 5")
    assert least <= found <= 0.99
