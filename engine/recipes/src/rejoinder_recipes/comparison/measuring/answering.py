"""What models answer to held-out prompts, so that people and a judge can compare the answers."""

import random
from collections.abc import Callable
from typing import Any

import torch

from ...chat import prompt_ids
from ..answers import Answer


def drawn_prompts(rows: list[dict], count: int, seed: int) -> list[dict]:
    """At most `count` rows, drawn by the seed, at most one of a conversation."""
    drawn: dict[str, dict] = {}
    for row in random.Random(seed).sample(rows, len(rows)):
        if len(drawn) == count:
            break
        drawn.setdefault(row["conversation_id"], row)
    return list(drawn.values())


@torch.inference_mode()
def answer(
    model: Any,
    tokenizer: Any,
    rows: list[dict],
    longest: int,
    batch_size: int,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> list[Answer]:
    """The model's answers to the prompts of the rows, the likeliest token each time, of at most `longest` tokens."""
    found = []
    for begin in range(0, len(rows), batch_size):
        batch = rows[begin : begin + batch_size]
        asked = tokenizer.pad(
            {"input_ids": [prompt_ids(tokenizer, row["prompt"]) for row in batch]}, padding_side="left", return_tensors="pt"
        ).to(model.device)
        written = model.generate(
            **asked, max_new_tokens=longest, do_sample=False, temperature=None, top_p=None, top_k=None, pad_token_id=tokenizer.pad_token_id
        )
        for row, tokens in zip(batch, written[:, asked["input_ids"].shape[1] :], strict=True):
            own = [token for token in tokens.tolist() if token not in tokenizer.all_special_ids]
            text = tokenizer.decode(own).strip()
            found.append(Answer(prompt_id(row), row["conversation_id"], row["prompt"], text, len(own)))
        on_progress(len(found))
    return found


def prompt_id(row: dict) -> str:
    """A name for the prompt of a row, the same in every comparison: the conversation's opening and the number of the exchange."""
    return f"{row['opening']}-{row['feedback_turn']}"
