"""How a model is trained. The defaults are starting points from the authors of the methods, not the result of a search."""

from dataclasses import asdict, dataclass
from typing import Any

LORA_LEARNING_RATES = {"sft": 2e-4, "kto": 5e-5}
FULL_LEARNING_RATES = {"sft": 2e-5, "kto": 1e-6}


@dataclass(frozen=True)
class TrainingSettings:
    """Everything, besides model and data, that the trained weights depend on."""

    seed: int = 0
    full: bool = False
    """Whether all weights are trained; else LoRA weights beside all linear layers."""
    lora_rank: int = 16
    lora_alpha: int = 32
    max_length: int = 1024
    """Tokens of prompt and answer together."""
    batch_size: int = 4
    """Rows that are computed at once; KTO compares the rows of such a batch, and needs two at least."""
    accumulate: int = 4
    """Batches that make one step."""
    epochs: float = 1.0
    learning_rate: float | None = None
    """Of every stage; without it the stage's own."""
    beta: float = 0.1
    """KTO's: how dear it is to move away from the model that the stage began with."""

    def rate(self, stage: str) -> float:
        """The learning rate of the stage `sft` or `kto`."""
        usual = FULL_LEARNING_RATES if self.full else LORA_LEARNING_RATES
        return self.learning_rate if self.learning_rate is not None else usual[stage]

    def of_stage(self, stage: str) -> dict[str, Any]:
        """The settings as a record keeps them."""
        kept = {**asdict(self), "learning_rate": self.rate(stage)}
        if self.full:
            del kept["lora_rank"], kept["lora_alpha"]
        if stage != "kto":
            del kept["beta"]
        return kept
