"""Resampling by conversation.

Answers of one conversation are alike, so that conversations are drawn and not answers: each round draws as many conversations
as there are, with replacement. All arms and figures of a comparison share the draws, which makes differences between arms paired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDS = 2000
CONFIDENCE = 0.95
# Rounds that are worked on together: a block of weights of a thousand answers takes eight megabytes.
BLOCK = 1024


@dataclass(frozen=True)
class Resamples:
    """How often each conversation was drawn in each round: `counts` of shape (rounds, conversations)."""

    places: dict[str, int]
    counts: NDArray[np.int32]

    @property
    def rounds(self) -> int:
        """The number of rounds."""
        return int(self.counts.shape[0])

    def rows(self, conversation_ids: Sequence[str]) -> NDArray[np.intp]:
        """The place of each row's conversation.

        Raises:
            KeyError: a conversation was not among those that were drawn from.
        """
        return np.array([self.places[conversation] for conversation in conversation_ids], dtype=np.intp)

    def blocks(self) -> Iterable[tuple[slice, Floats]]:
        """Counts of some rounds at a time, and which rounds they are."""
        for start in range(0, self.rounds, BLOCK):
            rounds = slice(start, min(start + BLOCK, self.rounds))
            yield rounds, self.counts[rounds].astype(np.float64)

    def means(self, rows: NDArray[np.intp], values: Floats) -> Floats:
        """The mean of `values` (one a row) in each round; NaN in rounds that drew no row."""
        conversations = self.counts.shape[1]
        sums = np.bincount(rows, weights=values, minlength=conversations)
        sizes = np.bincount(rows, minlength=conversations).astype(np.float64)
        means = np.empty(self.rounds)
        for rounds, counts in self.blocks():
            with np.errstate(invalid="ignore", divide="ignore"):
                means[rounds] = (counts @ sums) / (counts @ sizes)
        return means


def resample(conversation_ids: Iterable[str], *, rounds: int = ROUNDS, seed: int = 0) -> Resamples:
    """Draw from the distinct conversations, `rounds` times; the same seed and ids give the same draws."""
    places = {conversation: place for place, conversation in enumerate(dict.fromkeys(conversation_ids))}
    generator = np.random.default_rng(seed)
    counts = np.zeros((rounds, len(places)), dtype=np.int32)
    for drawn in counts if places else ():
        drawn[:] = np.bincount(generator.integers(len(places), size=len(places)), minlength=len(places))
    return Resamples(places, counts)


def percentile_interval(by_round: Floats, conversations: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval that holds the middle of the rounds, widened for few conversations.

    The plain percentile interval is too narrow where few conversations were drawn from: with 10 it is about a fifth shorter than
    Student's interval. The quantiles are moved outwards by just this (the expanded percentile interval: Hesterberg, What Teachers
    Should Know About the Bootstrap, 2015, section 4.3); from 100 conversations on the change can hardly be seen.
    """
    tail = (1 - confidence) / 2
    if conversations > 1:
        reach = sqrt(conversations / (conversations - 1)) * student_quantile(1 - tail, conversations - 1)
        tail = NormalDist().cdf(-reach)
    low, high = np.quantile(by_round, [tail, 1 - tail])
    return float(low), float(high)


def student_quantile(probability: float, freedom: int) -> float:
    """A quantile of Student's distribution, right to 0.001 from 9 degrees of freedom on (Abramowitz and Stegun, 26.7.5)."""
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(sum(term / freedom**power for power, term in enumerate(terms)))
