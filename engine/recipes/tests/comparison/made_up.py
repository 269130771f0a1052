"""Made-up answers and judges that the tests share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from rejoinder_recipes.comparison.answers import Answer, HeldOutAnswer
from rejoinder_recipes.comparison.judging.pair_requests import pair_requests
from rejoinder_recipes.comparison.judging.verdicts import Trouble, Verdicts
from rejoinder_recipes.comparison.judging.win_rate import win_rates
from rejoinder_recipes.comparison.results import (
    Arm,
    BaseModel,
    Count,
    DataSet,
    Example,
    ExampleAnswer,
    HeldOutSet,
    Message,
    Named,
    Results,
    TrainingStage,
)
from rejoinder_recipes.comparison.statistics.likelihood_figures import likelihood_figures
from rejoinder_recipes.guard_rails import Caution


def held_out(conversation: str, praised: bool, reward: float, tokens: int = 10, before: float = -20.0) -> HeldOutAnswer:
    """A held-out answer with a given reward."""
    return HeldOutAnswer(conversation, praised, "UR5" if praised else "UR2", tokens, before, before + reward, 0.01)


def answers(texts: Iterable[str], conversation: Callable[[int], str] = "c{}".format) -> list[Answer]:
    """An answer to a prompt of its own for each text."""
    return [
        Answer(f"p{n}", conversation(n), [{"role": "user", "content": f"question {n}"}], text, len(text.split()))
        for n, text in enumerate(texts)
    ]


def result_line(custom_id: str, text: str | None, **changes: Any) -> str:
    """A result line of OpenAI's Batch format."""
    body = {
        "model": "a-judge",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107},
    }
    line: dict[str, Any] = {
        "id": "x",
        "custom_id": custom_id,
        "response": {"status_code": 200, "request_id": "r", "body": body},
        "error": None,
    }
    return json.dumps(line | changes)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's score interval of 95 %, by its formula."""
    z, share = 1.959964, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    return middle - reach, middle + reach


HOSTILE = "<script>alert(1)</script> ![x](https://evil.example/x.png) | `tick` \x1b[2J\u202eabc\u2066 [[A]] www.evil.example a@evil.example"


def made_up_results(*, judge: bool = True, hostile: str = "", praised: int = 28, arms: tuple[str, ...] = ("found", "random")) -> Results:
    """Results with made-up figures; `hostile` is put wherever text of others may stand."""
    generator = np.random.default_rng(3)
    rows: dict[str, list[HeldOutAnswer]] = {}
    lengths = generator.integers(20, 256, size=praised + 180)
    before = [float(-generator.normal(1.6, 0.3) * tokens) for tokens in lengths]
    for at, arm in enumerate(arms):
        rows[arm] = [
            HeldOutAnswer(
                f"c{n // 2}",
                n < praised,
                "UR5" if n < praised else ("UR2", "UR3", "UR4")[n % 3],
                int(tokens),
                before[n],
                before[n] + float(generator.normal(1.5 * (at == 0) * (n < praised), 2)),
                float(generator.uniform(0.002, 0.006 + 0.002 * at)),
            )
            for n, tokens in enumerate(lengths)
        ]
    likelihood = likelihood_figures(rows, rounds=400)
    base = answers([f"old answer {n}" for n in range(40)])
    of_arms = {arm: answers([f"new answer {n} of {arm}" if n % 9 else f"old answer {n}" for n in range(40)]) for arm in arms}
    requests = pair_requests(base, of_arms)
    by_id = {r.custom_id: "ABC"[int(generator.choice(3, p=(0.5, 0.35, 0.15)))] for r in requests[:-3]}
    told = Verdicts(by_id, ("made-up-judge" + hostile,), len(by_id), 41_250, 9_730, (Trouble("requests without a line", 3),))
    return Results(
        made="2026-01-02 03:04 UTC",
        model=BaseModel("made-up/model-135M" + hostile, "0" * 40, 134_515_008),
        arms=tuple(_arm(name, hostile) for name in arms),
        held_out=HeldOutSet(
            "sets/kto" + hostile,
            "1" * 64,
            praised + 180,
            praised,
            180,
            104,
            "records",
            "no row stands in training, too" + hostile,
            (Count("answers longer than 1,024 tokens" + hostile, 4),),
        ),
        likelihood=likelihood,
        win_rates=win_rates(base, of_arms, told, rounds=400) if judge else None,
        examples=tuple(
            Example(
                f"p{n}" + hostile,
                (
                    Message("user", "Say something." + hostile),
                    Message("assistant", "Something." + hostile),
                    Message("user", f"Made-up question {n}?\n\n```\nx = 1\n```" + hostile),
                ),
                tuple(
                    ExampleAnswer(
                        name,
                        f"A made-up answer of {name}, which goes on for some words. " * 4 + hostile,
                        None if name == "pre-trained" else "tie",
                    )
                    for name in ("pre-trained", *arms)
                ),
            )
            for n in range(2)
        ),
        warnings=(
            Caution(
                "Few praised answers" + hostile,
                "28 praised answers were trained on" + hostile,
                "claim nothing from the examples alone",
            ),
        ),
        notes=("All figures of this page are made up, to test the page." + hostile,),
        commands=(
            "rejoinder export sft run --dataset sets/sft" + hostile,
            "rejoinder-recipes train --model made-up/model-135M --sft sets/sft --out arms/found",
        ),
        versions=(Named("rejoinder", "0.0"), Named("trl", "0.0" + hostile)),
        seconds=754.2,
        device="2 CPU cores" + hostile,
    )


def _arm(name: str, hostile: str) -> Arm:
    data = DataSet(
        "sft",
        "sets/sft" + hostile,
        78,
        78,
        None,
        None,
        "records",
        (Named("train.jsonl, sha256", "2" * 64), Named("rules", "3" * 16)),
        (Count("duplicates" + hostile, 2),),
    )
    stage = TrainingStage(
        "sft",
        78,
        30,
        1,
        2e-4,
        15_000,
        431.0,
        "2 CPU cores" + hostile,
        2.31,
        (Named("method", "LoRA, rank 16" + hostile), Named("batch", "8")),
        data,
    )
    return Arm(name + hostile, "arms/" + name + hostile, None, (stage,))
