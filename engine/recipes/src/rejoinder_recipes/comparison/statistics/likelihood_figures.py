"""Does an arm find praised answers more likely than blamed ones, compared with the pre-trained model? No judge is needed.

The reward that an arm gives an answer is log P(answer | arm) - log P(answer | pre-trained), the implicit reward of DPO and KTO up to
a factor. It is a sum over tokens, so that long answers have large rewards; the share over pairs of like length takes that out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..answers import HeldOutAnswer, check_same_answers
from .arm_scores import AnswerArrays, ArmScores
from .bootstrap import ROUNDS, Floats, resample
from .figure import Figure, figure


@dataclass(frozen=True)
class CategoryGain:
    """By how much a token of the answers of one feedback category (`UR1` to `UR5`) got likelier, in nats."""

    category: str
    answers: int
    gain: Figure


@dataclass(frozen=True)
class ArmLikelihood:
    """The figures of one arm.

    Log-probabilities and gains are in nats a token; an answer counts once, however long it is. `auc` is the share of the pairs of
    a praised and a blamed answer in which the praised one has the higher reward, `auc_like_length` the same over pairs of like length;
    0.5 is chance. `kl` is how far the arm has moved from the pre-trained model: KL(arm ‖ pre-trained), nats a token.
    """

    arm: str
    praised_before: Figure
    praised_after: Figure
    blamed_before: Figure
    blamed_after: Figure
    gain_praised: Figure
    gain_blamed: Figure
    gain_difference: Figure
    auc: Figure
    auc_like_length: Figure
    kl: Figure
    by_category: tuple[CategoryGain, ...]


@dataclass(frozen=True)
class ArmDifference:
    """Figures of `arm` minus those of `other`, on the same answers and the same draws; 0 means no difference."""

    arm: str
    other: str
    gain_difference: Figure
    auc: Figure
    auc_like_length: Figure


@dataclass(frozen=True)
class LikelihoodFigures:
    """What all arms show on the same held-out answers. `pairs` are of a praised and a blamed answer."""

    praised: int
    blamed: int
    praised_conversations: int
    blamed_conversations: int
    pairs: int
    pairs_like_length: int
    rounds: int
    seed: int
    arms: tuple[ArmLikelihood, ...]
    differences: tuple[ArmDifference, ...]


def likelihood_figures(rows: Mapping[str, Sequence[HeldOutAnswer]], *, rounds: int = ROUNDS, seed: int = 0) -> LikelihoodFigures:
    """The figures of every arm (`rows`: arm → held-out answers, the same ones in the same order) and the differences between arms.

    Raises:
        MismatchError: the arms were not measured on the same answers, or a number is not finite.
    """
    check_same_answers(rows)
    first = next(iter(rows.values()))
    answers = AnswerArrays.of(first, resample((row.conversation_id for row in first), rounds=rounds, seed=seed))
    scores = {name: ArmScores.of(answers, arm_rows) for name, arm_rows in rows.items()}
    return LikelihoodFigures(
        praised=int(answers.praised.sum()),
        blamed=int(answers.blamed.sum()),
        praised_conversations=answers.conversations(answers.praised),
        blamed_conversations=answers.conversations(answers.blamed),
        pairs=int(answers.praised.sum()) * int(answers.blamed.sum()),
        pairs_like_length=answers.pairs_like_length,
        rounds=rounds,
        seed=seed,
        arms=tuple(_of_arm(name, answers, arm) for name, arm in scores.items()),
        differences=tuple(_difference(name, other, answers, scores[name], scores[other]) for name, other in combinations(scores, 2)),
    )


def _of_arm(name: str, answers: AnswerArrays, arm: ArmScores) -> ArmLikelihood:
    def mean(values: Floats, kind: np.ndarray, neutral: float | None) -> Figure:
        by_round = answers.means(values, kind)
        unmoved = neutral is not None and arm.is_unmoved
        value = float(values[kind].mean()) if kind.any() else np.nan
        return figure(value, by_round, answers.conversations(kind), neutral=neutral, exact=unmoved)

    praised, blamed = answers.praised, answers.blamed
    return ArmLikelihood(
        arm=name,
        praised_before=mean(arm.before, praised, None),
        praised_after=mean(arm.after, praised, None),
        blamed_before=mean(arm.before, blamed, None),
        blamed_after=mean(arm.after, blamed, None),
        gain_praised=mean(arm.gain, praised, 0.0),
        gain_blamed=mean(arm.gain, blamed, 0.0),
        gain_difference=figure(
            arm.gain_difference[0],
            arm.gain_difference[1:],
            answers.rarer_kind(),
            neutral=0.0,
            exact=arm.is_unmoved,
        ),
        auc=figure(arm.auc[0], arm.auc[1:], answers.rarer_kind(), neutral=0.5, bounds=(0, 1)),
        auc_like_length=figure(arm.auc_like_length[0], arm.auc_like_length[1:], answers.rarer_kind_paired(), neutral=0.5, bounds=(0, 1)),
        kl=mean(arm.kl, praised | blamed, None),
        by_category=tuple(
            CategoryGain(category, int(kind.sum()), mean(arm.gain, kind, 0.0)) for category, kind in answers.categories.items()
        ),
    )


def _difference(name: str, other_name: str, answers: AnswerArrays, arm: ArmScores, other: ArmScores) -> ArmDifference:
    same = arm.gives_same_as(other)

    def of(values: Floats, others: Floats, conversations: int, bounds: tuple[float, float] | None) -> Figure:
        difference = values - others
        return figure(difference[0], difference[1:], conversations, neutral=0.0, bounds=bounds, exact=same)

    kind = answers.rarer_kind()
    return ArmDifference(
        arm=name,
        other=other_name,
        gain_difference=of(arm.gain_difference, other.gain_difference, kind, None),
        auc=of(arm.auc, other.auc, kind, (-1, 1)),
        auc_like_length=of(arm.auc_like_length, other.auc_like_length, answers.rarer_kind_paired(), (-1, 1)),
    )
