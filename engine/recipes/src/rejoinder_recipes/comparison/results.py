"""Everything that the page shows, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from ..guard_rails import Caution
from .judging.win_rate import WinRates
from .statistics.likelihood_figures import LikelihoodFigures

FORMAT = 1


@dataclass(frozen=True)
class Count:
    """A number of rows (or of other things) and what is counted."""

    what: str
    count: int


@dataclass(frozen=True)
class Named:
    """A fact under its name, both as people read them: a package and its version, a setting and its value."""

    name: str
    value: str


@dataclass(frozen=True)
class DataSet:
    """A folder of training rows as `rejoinder export --dataset` wrote it. `hashes` are sha256 of files and of rules and config."""

    task: str
    path: str
    rows: int
    conversations: int
    desirable: int | None
    undesirable: int | None
    labels: str
    hashes: tuple[Named, ...]
    left_out: tuple[Count, ...]


@dataclass(frozen=True)
class TrainingStage:
    """One training of an arm: `task` is `sft`, `kto`, …; `tokens` were trained on; `seconds` are wall time on `device`."""

    task: str
    rows: int
    steps: int
    seed: int
    learning_rate: float
    tokens: int | None
    seconds: float
    device: str
    loss: float | None
    settings: tuple[Named, ...]
    data: DataSet


@dataclass(frozen=True)
class Arm:
    """A model that was made of the pre-trained one by the stages, in their order. `hash` is of its weights."""

    name: str
    path: str
    hash: str | None
    stages: tuple[TrainingStage, ...]


@dataclass(frozen=True)
class BaseModel:
    """The pre-trained model: a path or hub name, its revision or hash if known, the number of its parameters."""

    name: str
    hash: str | None
    parameters: int | None


@dataclass(frozen=True)
class HeldOutSet:
    """What was measured on. `overlap` says in words what the check for rows that stand in training, too, came to."""

    path: str
    sha256: str
    rows: int
    praised: int
    blamed: int
    conversations: int
    labels: str
    overlap: str
    left_out: tuple[Count, ...]


@dataclass(frozen=True)
class Message:
    """A message of a prompt."""

    role: str
    text: str


@dataclass(frozen=True)
class ExampleAnswer:
    """What `model` (the name of an arm, or "pre-trained") says; `verdict` is the judge's about an arm: won, lost, tie, or none."""

    model: str
    text: str
    verdict: str | None


@dataclass(frozen=True)
class Example:
    """A held-out prompt with the answers of all models side by side."""

    prompt_id: str
    prompt: tuple[Message, ...]
    answers: tuple[ExampleAnswer, ...]


@dataclass(frozen=True)
class Results:
    """All that a comparison found and what it was made of.

    `made` is a date and time in UTC. `seconds` is the wall time of the comparison on `device`. `commands` are the shell commands that
    made the page, `versions` those of rejoinder and of the packages. `win_rates` is `None` where no judge was asked.
    """

    made: str
    model: BaseModel
    arms: tuple[Arm, ...]
    held_out: HeldOutSet
    likelihood: LikelihoodFigures
    win_rates: WinRates | None
    examples: tuple[Example, ...]
    warnings: tuple[Caution, ...]
    notes: tuple[str, ...]
    commands: tuple[str, ...]
    versions: tuple[Named, ...]
    seconds: float
    device: str
