"""How often a judge finds an arm's answer better than the pre-trained model's.

A pair is asked about in both orders. An arm wins where both orders prefer its answer and loses where both prefer the other;
everything else is a tie: orders that disagree, a verdict of a tie, and answers that are the same (nobody is asked). A pair that
lacks a readable verdict is not counted, and is told. Win rate = (wins + ties / 2) / pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

import numpy as np

from ..answers import Answer
from ..statistics.bootstrap import ROUNDS, Resamples, resample
from ..statistics.figure import Figure, figure
from .judged_pairs import JudgedPair, judged_pairs
from .pair_requests import PairRequest, answer_pairs, pair_requests
from .verdicts import Trouble, Verdicts


@dataclass(frozen=True)
class ArmWinRate:
    """An arm against the pre-trained model.

    `pairs` = `wins` + `losses` + `ties` are counted; `unjudged` pairs lack a readable verdict. Of the ties, `ties_identical` are
    equal answers, `ties_by_order` pairs whose two orders prefer
    different answers, the rest pairs that the judge called a tie in one order or both.
    `decided` counts verdicts that are no tie; `first_shown` is the share of them for the answer shown first: 0.5 for a judge without
    position bias.
    `arm_tokens` and `base_tokens` are medians of the answers' lengths.
    """

    arm: str
    pairs: int
    wins: int
    losses: int
    ties: int
    ties_identical: int
    ties_by_order: int
    unjudged: int
    decided: int
    win_rate: Figure
    first_shown: Figure
    arm_tokens: float | None
    base_tokens: float | None


@dataclass(frozen=True)
class WinRateDifference:
    """The win rate of `arm` minus that of `other`, over the prompts that are counted for both; 0 means no difference."""

    arm: str
    other: str
    prompts: int
    difference: Figure


@dataclass(frozen=True)
class WinRates:
    """The win rates of all arms, with the judge that gave them and what it was asked and paid in tokens."""

    judge_models: tuple[str, ...]
    requests: int
    replies: int
    input_tokens: int | None
    output_tokens: int | None
    rounds: int
    seed: int
    arms: tuple[ArmWinRate, ...]
    differences: tuple[WinRateDifference, ...]
    troubles: tuple[Trouble, ...]


def win_rates(
    base: Sequence[Answer],
    arms: Mapping[str, Sequence[Answer]],
    verdicts: Verdicts,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> WinRates:
    """Win rates from verdicts about the requests that `pair_requests` makes of the same answers.

    Raises:
        MismatchError: the arms and the pre-trained model did not answer the same prompts.
    """
    pairs, requests = answer_pairs(base, arms), pair_requests(base, arms)
    resamples = resample((answer.conversation_id for answer in base), rounds=rounds, seed=seed)
    judged = judged_pairs(pairs, requests, verdicts)
    return WinRates(
        judge_models=verdicts.models,
        requests=len(requests),
        replies=verdicts.replies,
        input_tokens=verdicts.input_tokens,
        output_tokens=verdicts.output_tokens,
        rounds=rounds,
        seed=seed,
        arms=tuple(
            _of_arm(arm, len(base), found, [r for r in requests if r.pair.arm == arm], verdicts, resamples) for arm, found in judged.items()
        ),
        differences=tuple(_difference(arm, other, judged[arm], judged[other], resamples) for arm, other in combinations(judged, 2)),
        troubles=verdicts.troubles,
    )


def _of_arm(
    arm: str,
    prompts: int,
    judged: list[JudgedPair],
    requests: list[PairRequest],
    verdicts: Verdicts,
    resamples: Resamples,
) -> ArmWinRate:
    scores = [found.score for found in judged]
    ties = [found for found in judged if found.score == 0.5]
    conversations = [found.prompt.conversation_id for found in judged]
    decided = [r for r in requests if verdicts.by_id.get(r.custom_id) in ("A", "B")]
    return ArmWinRate(
        arm=arm,
        pairs=len(judged),
        wins=scores.count(1.0),
        losses=scores.count(0.0),
        ties=len(ties),
        ties_identical=sum(found.pair.is_identical for found in ties),
        ties_by_order=sum(found.by_order for found in ties),
        unjudged=prompts - len(judged),
        decided=len(decided),
        win_rate=_mean(scores, conversations, resamples, 0.5, (0, 1)),
        first_shown=_mean(
            [float(verdicts.by_id[r.custom_id] == "A") for r in decided],
            [r.pair.of_base.conversation_id for r in decided],
            resamples,
            0.5,
            (0, 1),
        ),
        arm_tokens=median(found.pair.of_arm.tokens for found in judged) if judged else None,
        base_tokens=median(found.pair.of_base.tokens for found in judged) if judged else None,
    )


def _difference(arm: str, other: str, judged: list[JudgedPair], others: list[JudgedPair], resamples: Resamples) -> WinRateDifference:
    by_prompt = {found.prompt.prompt_id: found for found in others}
    both = [(found, by_prompt[prompt]) for found in judged if (prompt := found.prompt.prompt_id) in by_prompt]
    return WinRateDifference(
        arm=arm,
        other=other,
        prompts=len(both),
        difference=_mean(
            [mine.score - theirs.score for mine, theirs in both],
            [mine.prompt.conversation_id for mine, _ in both],
            resamples,
            0.0,
            (-1, 1),
            exact=all(mine.pair.of_arm.text == theirs.pair.of_arm.text for mine, theirs in both),
        ),
    )


def _mean(
    values: list[float],
    conversations: list[str],
    resamples: Resamples,
    neutral: float,
    bounds: tuple[float, float],
    exact: bool = False,
) -> Figure:
    by_round = resamples.means(resamples.rows(conversations), np.array(values, dtype=np.float64))
    value = float(np.mean(values)) if values else np.nan
    return figure(value, by_round, len(set(conversations)), neutral=neutral, bounds=bounds, exact=exact)
