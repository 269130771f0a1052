"""How trained models are compared."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ComparisonSettings:
    """Everything, besides models and data, that a comparison depends on."""

    seed: int = 0
    max_length: int = 1024
    """Tokens of prompt and answer together, as in training."""
    batch_size: int = 4
    rounds: int = 2000
    """Rounds of the bootstrap."""
    answers: int = 10
    """Prompts that every model answers."""
    answer_length: int = 256
    """Tokens of such an answer at most."""
