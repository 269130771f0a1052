"""The held-out answers as arrays, and what each arm gives them, in the sample and in every round of resampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..answers import HeldOutAnswer
from .bootstrap import Floats, Resamples
from .pairs import Integers, like_pairs, share_of_like_pairs, share_of_pairs

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class AnswerArrays:
    """What all arms share: arrays with an entry for each answer, and the draws."""

    resamples: Resamples
    rows: NDArray[np.intp]
    praised: Mask
    tokens: Integers
    categories: dict[str, Mask]
    pairs_like_length: int
    in_like_pair: Mask

    @classmethod
    def of(cls, answers: Sequence[HeldOutAnswer], resamples: Resamples) -> AnswerArrays:
        """The arrays of `answers`, whose conversations `resamples` drew from."""
        praised = np.array([answer.praised for answer in answers], dtype=bool)
        tokens = np.array([answer.tokens for answer in answers], dtype=np.int64)
        categories = np.array([answer.category for answer in answers], dtype=object)
        pairs, praised_in, blamed_in = like_pairs(tokens[praised], tokens[~praised])
        in_like_pair = np.zeros(praised.size, dtype=bool)
        in_like_pair[praised], in_like_pair[~praised] = praised_in, blamed_in
        return cls(
            resamples=resamples,
            rows=resamples.rows([answer.conversation_id for answer in answers]),
            praised=praised,
            tokens=tokens,
            categories={name: categories == name for name in sorted(set(categories))},
            pairs_like_length=pairs,
            in_like_pair=in_like_pair,
        )

    @property
    def blamed(self) -> Mask:
        """Which answers were blamed."""
        return ~self.praised

    def conversations(self, kind: Mask) -> int:
        """In how many conversations an answer of the kind stands."""
        return int(np.unique(self.rows[kind]).size)

    def rarer_kind(self) -> int:
        """The conversations with praised answers or those with blamed ones, whichever are fewer."""
        return min(self.conversations(self.praised), self.conversations(self.blamed))

    def rarer_kind_paired(self) -> int:
        """The same among answers that have one of like length on the other side."""
        return min(self.conversations(self.praised & self.in_like_pair), self.conversations(self.blamed & self.in_like_pair))

    def means(self, values: Floats, kind: Mask) -> Floats:
        """The mean over the answers of a kind, in each round."""
        return self.resamples.means(self.rows[kind], values[kind])


@dataclass(frozen=True)
class ArmScores:
    """What an arm gives the answers.

    `before`, `after`, `gain` are nats a token, `kl` too; each has an entry for each answer. `gain_difference`, `auc`,
    `auc_like_length` have the value in the sample first, then one for each round.
    """

    before: Floats
    after: Floats
    gain: Floats
    reward: Floats
    kl: Floats
    gain_difference: Floats
    auc: Floats
    auc_like_length: Floats

    @classmethod
    def of(cls, answers: AnswerArrays, rows: Sequence[HeldOutAnswer]) -> ArmScores:
        """The scores of an arm whose `rows` are those of `answers`, in the same order."""
        before = np.array([row.before for row in rows], dtype=np.float64)
        after = np.array([row.after for row in rows], dtype=np.float64)
        reward = after - before
        gain = reward / answers.tokens
        auc, auc_like_length = _shares(answers, reward)
        return cls(
            before=before / answers.tokens,
            after=after / answers.tokens,
            gain=gain,
            reward=reward,
            kl=np.array([row.kl for row in rows], dtype=np.float64),
            gain_difference=_gain_difference(answers, gain),
            auc=auc,
            auc_like_length=auc_like_length,
        )

    @property
    def is_unmoved(self) -> bool:
        """Whether the arm gives every answer just what the pre-trained model gives it."""
        return not self.reward.any()

    def gives_same_as(self, other: ArmScores) -> bool:
        """Whether two arms give every answer the same reward."""
        return bool(np.array_equal(self.reward, other.reward))


def _gain_difference(answers: AnswerArrays, gain: Floats) -> Floats:
    praised, blamed = answers.praised, answers.blamed
    value = gain[praised].mean() - gain[blamed].mean() if praised.any() and blamed.any() else np.nan
    return np.concatenate([[value], answers.means(gain, praised) - answers.means(gain, blamed)])


def _shares(answers: AnswerArrays, reward: Floats) -> tuple[Floats, Floats]:
    """Shares of pairs, over all and over those of like length; the first entry has every answer once."""
    praised, blamed = answers.praised, answers.blamed
    scores = reward[praised], reward[blamed]
    lengths = answers.tokens[praised], answers.tokens[blamed]

    def both(weights: Floats) -> tuple[Floats, Floats]:
        by_kind = weights[:, praised], weights[:, blamed]
        return share_of_pairs(*scores, *by_kind), share_of_like_pairs(*scores, *lengths, *by_kind)

    shares = [both(np.ones((1, praised.size)))]
    shares += [both(counts[:, answers.rows]) for _, counts in answers.resamples.blocks()]
    over_all, over_like = zip(*shares)
    return np.concatenate(over_all), np.concatenate(over_like)
