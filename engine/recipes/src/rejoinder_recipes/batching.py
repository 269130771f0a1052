"""Token ids as tensors: rows of like length together, padded at their ends."""

from collections.abc import Iterator

import torch

from .chat import Encoded


def batches(encoded: list[Encoded], size: int) -> Iterator[list[int]]:
    """The places of the rows in batches of rows of like length, so that little is padded; the longest rows come first."""
    order = sorted(range(len(encoded)), key=lambda place: -len(encoded[place].prompt) - len(encoded[place].completion))
    for begin in range(0, len(order), size):
        yield order[begin : begin + size]


def padded(encoded: list[Encoded], device: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Tokens, the mask of attention, and the mask of the answers, each of the shape (rows, length of the longest)."""
    length = max(len(row.prompt) + len(row.completion) for row in encoded)
    tokens = torch.zeros(len(encoded), length, dtype=torch.long)
    attention, is_answer = torch.zeros_like(tokens), torch.zeros_like(tokens)
    for place, row in enumerate(encoded):
        end = len(row.prompt) + len(row.completion)
        tokens[place, :end] = torch.tensor(row.prompt + row.completion)
        attention[place, :end] = 1
        is_answer[place, len(row.prompt) : end] = 1
    return tokens.to(device), attention.to(device), is_answer.to(device)
