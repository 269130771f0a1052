"""How probable answers are under a trained model, beside the pre-trained one. No judge is needed.

The log-probability of an answer is the sum over the answer's tokens (those that training learns: the completion of `chat.encode`), in
nats, given the prompt. The divergence is KL(trained ‖ pre-trained) in nats, the mean over the same places: how far the training has
moved the model along these answers.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch

from ...batching import batches, padded
from ...chat import Encoded
from ..answers import HeldOutAnswer


def answer_log_probabilities(logits: torch.Tensor, tokens: torch.Tensor, is_answer: torch.Tensor) -> torch.Tensor:
    """The sum of log-probabilities of each row's answer tokens: shape (rows,), in nats.

    `logits` has the shape (rows, length, vocabulary), `tokens` and `is_answer` (rows, length). The logits at a place are about the next.
    """
    log_probabilities = torch.log_softmax(logits[:, :-1].float(), dim=-1)
    of_tokens = log_probabilities.gather(-1, tokens[:, 1:, None]).squeeze(-1)
    return (of_tokens * is_answer[:, 1:]).sum(-1)


def divergence(trained: torch.Tensor, pretrained: torch.Tensor, is_answer: torch.Tensor) -> torch.Tensor:
    """The mean over each row's answer tokens of KL(trained ‖ pre-trained): shape (rows,), in nats. Shapes as above."""
    ours = torch.log_softmax(trained[:, :-1].float(), dim=-1)
    theirs = torch.log_softmax(pretrained[:, :-1].float(), dim=-1)
    of_places = (ours.exp() * (ours - theirs)).sum(-1)
    mask = is_answer[:, 1:]
    return (of_places * mask).sum(-1) / mask.sum(-1)


@torch.inference_mode()
def measure(
    trained: Any,
    pretrained: Any,
    encoded: list[Encoded],
    rows: list[dict],
    batch_size: int,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> list[HeldOutAnswer]:
    """What the trained and the pre-trained model say of each answer, in the order of the rows.

    With LoRA weights around the pre-trained model, `pretrained` is the same object: it speaks for itself where its weights are off.
    """
    device = next(trained.parameters()).device.type
    found: list[HeldOutAnswer | None] = [None] * len(rows)
    done = 0
    for places in batches(encoded, batch_size):
        tokens, attention, is_answer = padded([encoded[place] for place in places], device)
        after = trained(input_ids=tokens, attention_mask=attention).logits
        with trained.disable_adapter() if pretrained is trained else nullcontext():
            before = pretrained(input_ids=tokens, attention_mask=attention).logits
        figures = zip(
            places,
            answer_log_probabilities(before, tokens, is_answer).tolist(),
            answer_log_probabilities(after, tokens, is_answer).tolist(),
            divergence(after, before, is_answer).tolist(),
            is_answer.sum(-1).tolist(),
            strict=True,
        )
        for place, before_sum, after_sum, kl, count in figures:
            row = rows[place]
            found[place] = HeldOutAnswer(row["conversation_id"], row["label"], row["category"], count, before_sum, after_sum, kl)
        done += len(places)
        on_progress(done)
    return [one for one in found if one is not None]
