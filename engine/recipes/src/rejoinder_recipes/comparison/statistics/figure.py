"""One number with what may be concluded from it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from .bootstrap import CONFIDENCE, Floats, percentile_interval

Finding = Literal["higher", "lower", "no difference", "too few", "described"]

# With fewer conversations of a kind there is no number. Two reasons. (1) Fewer than 6 that all speak for one side are no evidence
# at 95 % (a sign test gives 2 · (1/2)⁵ = 0.06). (2) An interval from resampling needs conversations as varied as those that were
# not seen. In 1,000 simulations each, the intervals of `percentile_interval` held the truth in 92, 87 and 81 of 100 cases with 5
# conversations (normal, exponential and yes-or-no values), and in 94, 90 and 97 with 10. Values with tails as heavy as a lognormal's
# are covered worse: in 84 of 100 cases with 10 (tests/comparison/test_coverage.py gives these figures with REJOINDER_SIMULATIONS=1000).
FEWEST_CONVERSATIONS = 10
# Rounds without any row of a kind are left out; more of them than this, and the others no longer stand for all.
MOST_EMPTY_ROUNDS = 0.01
POWER = 0.8
# Rounds that differ by no more than this, relative to the value, agree.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Figure:
    """A number with its 95 % interval, and what it says.

    `neutral` is the value that means "no difference" (0 for a gain, 0.5 for a share of pairs), `None` for a number that only
    describes. `finding` is `higher` or `lower` where the interval lies on one side of `neutral`, `no difference` where the interval
    holds it (which is a result: none can be seen with so few), `too few` where no claim can be made and all numbers are `None`.
    `detectable` is the smallest true distance from `neutral` that four of five samples of this size would have shown.
    `conversations` counts the conversations that the number rests on, those of the rarer kind where it compares two kinds.
    """

    value: float | None
    low: float | None
    high: float | None
    detectable: float | None
    neutral: float | None
    conversations: int
    finding: Finding


def too_few(neutral: float | None, conversations: int) -> Figure:
    """The figure of a sample that is too small for one."""
    return Figure(None, None, None, None, neutral, conversations, "too few")


def figure(
    value: float,
    by_round: Floats,
    conversations: int,
    *,
    neutral: float | None,
    bounds: tuple[float, float] | None = None,
    exact: bool = False,
) -> Figure:
    """A figure from its value in the sample and in each round of resampling.

    `bounds` are the least and the greatest value that can be. Where all rounds agree (all pairs won, say), resampling would
    give an interval without width, as if nothing else could come: a bounded figure then gets Wilson's interval for as many
    conversations that all agree, other figures get none (`too few`). `exact` says that the agreement is no accident of the sample
    (an arm compared with itself), so that an interval without width is right.
    """
    value = float(value)
    defined = by_round[np.isfinite(by_round)]
    empty = 1 - defined.size / max(by_round.size, 1)
    if conversations < FEWEST_CONVERSATIONS or empty > MOST_EMPTY_ROUNDS or not np.isfinite(value):
        return too_few(neutral, conversations)
    low, high = percentile_interval(defined, conversations)
    error = float(np.std(defined))
    if not exact and float(np.ptp(defined)) <= _ROUNDING * max(1.0, abs(value)):
        if bounds is None:
            return too_few(neutral, conversations)
        low, high = _agreed_interval(value, conversations, bounds)
        error = (high - low) / 2 / _quantile((1 + CONFIDENCE) / 2)
    return Figure(
        value=value,
        low=low,
        high=high,
        detectable=None if neutral is None else error * (_quantile((1 + CONFIDENCE) / 2) + _quantile(POWER)),
        neutral=neutral,
        conversations=conversations,
        finding=_finding(low, high, neutral),
    )


def _finding(low: float, high: float, neutral: float | None) -> Finding:
    if neutral is None:
        return "described"
    if low > neutral:
        return "higher"
    return "lower" if high < neutral else "no difference"


def _agreed_interval(value: float, conversations: int, bounds: tuple[float, float]) -> tuple[float, float]:
    """Wilson's score interval where all of `conversations` gave `value`, stretched to `bounds`."""
    least, most = bounds
    square = _quantile((1 + CONFIDENCE) / 2) ** 2
    share = square / (conversations + square)
    return value - share * (value - least), value + share * (most - value)


def _quantile(probability: float) -> float:
    return NormalDist().inv_cdf(probability)
