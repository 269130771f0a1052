"""How far a stage is, in lines for the user."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import transformers

from ..durations import duration

EVERY = 10.0
"""Seconds between two lines."""


class Progress(transformers.TrainerCallback):
    """Says the step, the loss and the time that is left."""

    def __init__(self, stage: str, say: Callable[[str], None]):
        self.stage = stage
        self.say = say
        self.begun = self.said = time.monotonic()
        self.first = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """A resumed stage begins in the middle."""
        self.begun = self.said = time.monotonic()
        self.first = state.global_step
        if self.first:
            self.say(f"{self.stage}: goes on after step {self.first:,} of {state.max_steps:,}")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict | None = None, **more: Any) -> None:
        """Says a line if the last one is some time ago."""
        now = time.monotonic()
        loss = (logs or {}).get("loss")
        if loss is None or now - self.said < EVERY:
            return
        self.said = now
        left = (now - self.begun) / (state.global_step - self.first) * (state.max_steps - state.global_step)
        self.say(f"{self.stage}: step {state.global_step:,} of {state.max_steps:,}, loss {loss:.4f}, {duration(left)} left")


class Clock(transformers.TrainerCallback):
    """How long a stage was trained, all its parts together: what was trained before a checkpoint counts, what a stop has lost does not."""

    def __init__(self, kept: Path):
        self.kept = kept
        self.before = float(kept.read_text()) if kept.is_file() else 0.0
        self.begun = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self.before + time.monotonic() - self.begun

    def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Keeps the time beside the checkpoint."""
        self.kept.write_text(str(self.seconds))
