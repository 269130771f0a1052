"""In how many pairs of a praised and a blamed answer the praised one scores higher.

The share is the area under the ROC curve (AUC). A tie counts half. All functions take weights of shape (rounds, answers), how often
each answer was drawn, and give a share for each round, NaN where a round drew no pair.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .bootstrap import Floats

Integers = NDArray[np.int64]
# Praised answers that are compared with the blamed ones at a time.
BLOCK = 256


def share_of_pairs(praised: Floats, blamed: Floats, praised_weights: Floats, blamed_weights: Floats) -> Floats:
    """The share over all pairs, by ranks: time grows with the answers, not with the pairs."""
    scores, kind = np.unique(blamed, return_inverse=True)
    order = np.argsort(kind, kind="stable")
    starts = np.searchsorted(kind[order], np.arange(scores.size))
    by_score = np.add.reduceat(blamed_weights[:, order], starts, axis=1) if scores.size else blamed_weights
    up_to = np.concatenate([np.zeros((len(by_score), 1)), np.cumsum(by_score, axis=1)], axis=1)
    lower = up_to[:, np.searchsorted(scores, praised, side="left")]
    not_higher = up_to[:, np.searchsorted(scores, praised, side="right")]
    won = (praised_weights * (lower + not_higher) / 2).sum(axis=1)
    return _share(won, praised_weights.sum(axis=1) * up_to[:, -1])


def share_of_like_pairs(
    praised: Floats,
    blamed: Floats,
    praised_lengths: Integers,
    blamed_lengths: Integers,
    praised_weights: Floats,
    blamed_weights: Floats,
) -> Floats:
    """The share over the pairs of like length alone: the shorter answer has at least three quarters of the longer one's tokens.

    Answers are sorted by length, so that a block of praised ones meets only those blamed ones that some of them may be paired with.
    """
    praised_order, blamed_order = np.argsort(praised_lengths, kind="stable"), np.argsort(blamed_lengths, kind="stable")
    praised, praised_lengths, praised_weights = (
        praised[praised_order],
        praised_lengths[praised_order],
        praised_weights[:, praised_order],
    )
    blamed, blamed_lengths = blamed[blamed_order], blamed_lengths[blamed_order]
    # Halves of whole numbers below 2²³, which single precision holds exactly, at twice the speed.
    drawn = blamed_weights[:, blamed_order].astype(np.float32)
    won, pairs = np.zeros(len(drawn)), np.zeros(len(drawn))
    for start in range(0, praised.size, BLOCK):
        rows = slice(start, start + BLOCK)
        lengths, weights = praised_lengths[rows, None], praised_weights[:, rows]
        columns = slice(
            np.searchsorted(4 * blamed_lengths, 3 * lengths[0, 0], side="left"),
            np.searchsorted(3 * blamed_lengths, 4 * lengths[-1, 0], side="right"),
        )
        alike = _alike(lengths, blamed_lengths[None, columns])
        wins = (np.sign(praised[rows, None] - blamed[None, columns]).astype(np.float32) + 1) / 2 * alike
        won += (weights * (drawn[:, columns] @ wins.T)).sum(axis=1)
        pairs += (weights * (drawn[:, columns] @ alike.T.astype(np.float32))).sum(axis=1)
    return _share(won, pairs)


def like_pairs(praised_lengths: Integers, blamed_lengths: Integers) -> tuple[int, NDArray[np.bool_], NDArray[np.bool_]]:
    """How many pairs are of like length, and which praised and which blamed answers are in one."""
    ascending = np.sort(blamed_lengths)
    partners = _partners(praised_lengths, ascending)
    return int(partners.sum()), partners > 0, _partners(blamed_lengths, np.sort(praised_lengths)) > 0


def _partners(lengths: Integers, ascending: Integers) -> Integers:
    """For each length, how many of the others are like it."""
    first = np.searchsorted(4 * ascending, 3 * lengths, side="left")
    last = np.searchsorted(3 * ascending, 4 * lengths, side="right")
    return (last - first).astype(np.int64)


def _alike(lengths: Integers, others: Integers) -> NDArray[np.bool_]:
    return (4 * others >= 3 * lengths) & (3 * others <= 4 * lengths)


def _share(won: Floats, pairs: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return won / pairs
