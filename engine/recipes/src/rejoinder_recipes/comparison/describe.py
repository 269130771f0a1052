"""From records of trainings and measurements to the value that the page shows."""

from typing import Any

from .. import guard_rails
from ..models import ModelSource
from .judging.judged_pairs import judged_pairs
from .judging.pair_requests import answer_pairs, pair_requests
from .judging.verdicts import Verdicts
from .judging.win_rate import WinRates
from .measuring.arms import PRETRAINED, TrainedArm
from .measuring.held_out import HeldOut
from .measuring.measure import Measured
from .results import (
    Arm,
    BaseModel,
    Count,
    DataSet,
    Example,
    ExampleAnswer,
    HeldOutSet,
    Message,
    Named,
    TrainingStage,
)


def commands(arms: list[TrainedArm]) -> tuple[str, ...]:
    """The commands that trained the arms, each once."""
    return tuple(dict.fromkeys(stage["command"] for arm in arms for stage in arm.record["stages"]))


def base_model(source: ModelSource, parameters: int) -> BaseModel:
    """The pre-trained model."""
    described = source.description
    return BaseModel(described["name"], described.get("sha256") or described["revision"], parameters)


def arm(trained: TrainedArm) -> Arm:
    """An arm with all its stages."""
    stages = tuple(_stage(stage) for stage in trained.record["stages"])
    return Arm(trained.name, "/".join(trained.folder.parts[-2:]), trained.weights, stages)


def _stage(stage: dict[str, Any]) -> TrainingStage:
    data, settings, counts = stage["data"], stage["settings"], stage["counts"]
    is_random = data["task"] == "random"
    own = {key: value for key, value in settings.items() if key not in ("seed", "learning_rate")}
    left_out = {"last request too long": "left_out", "without their oldest exchanges": "shortened", "with a cut answer": "cut"}
    return TrainingStage(
        task=stage["stage"],
        rows=counts["rows"],
        steps=stage["steps"],
        seed=settings["seed"],
        learning_rate=settings["learning_rate"],
        tokens=counts["prompt_tokens"] + counts["completion_tokens"],
        seconds=stage["seconds"],
        device=f"{stage['device']} ({stage['name']}, {stage['threads']} threads)",
        loss=stage["loss"],
        settings=tuple(Named(key, str(value)) for key, value in own.items()),
        data=DataSet(
            task=data["task"],
            path=data["folder"],
            rows=data["rows"],
            conversations=data["conversations"],
            desirable=None if is_random else data["desirable"],
            undesirable=None if is_random else data["undesirable"],
            labels="none" if is_random else data["labels"],
            hashes=(Named("rows", data["sha256"]), Named("rules", data["rules_hash"]), Named("config", data["config_hash"])),
            left_out=tuple(Count(what, counts[key]) for what, key in left_out.items() if counts[key]),
        ),
    )


def held_out_set(held_out: HeldOut, arms: list[TrainedArm]) -> HeldOutSet:
    """What was measured on."""
    split = held_out.split
    names = ", ".join(arm.name for arm in arms)
    overlap = f"no row is of a conversation that {names} was trained on, by id and by opening"
    if held_out.overlap:
        overlap = (
            f"{held_out.overlap:,} rows of conversations that were trained on were left out; {overlap.replace('no row', 'no other row')}"
        )
    left_out = [Count("of conversations that were trained on", held_out.overlap), Count("last request too long", held_out.too_long)]
    praised = sum(row["label"] for row in held_out.rows)
    return HeldOutSet(
        path=f"{split.folder.name} ({split.name})",
        sha256=split.metadata["splits"][split.name]["sha256"],
        rows=len(held_out.rows),
        praised=praised,
        blamed=len(held_out.rows) - praised,
        conversations=len({row["conversation_id"] for row in held_out.rows}),
        labels=split.metadata["labels"],
        overlap=overlap,
        left_out=tuple(one for one in left_out if one.count),
    )


def examples(measured: Measured, verdicts: Verdicts | None, count: int) -> tuple[Example, ...]:
    """The first answers side by side, with the judge's verdicts where there are any."""
    base = measured.answers[PRETRAINED]
    arms = {name: answers for name, answers in measured.answers.items() if name != PRETRAINED}
    said: dict[tuple[str, str], str] = {}
    if verdicts is not None:
        for name, judged in judged_pairs(answer_pairs(base, arms), pair_requests(base, arms), verdicts).items():
            said |= {(name, one.prompt.prompt_id): {1.0: "won", 0.0: "lost"}.get(one.score, "tie") for one in judged}
    return tuple(
        Example(
            first.prompt_id,
            tuple(Message(message["role"], message["content"]) for message in first.prompt),
            tuple(
                ExampleAnswer(name, answers[place].text, said.get((name, first.prompt_id))) for name, answers in measured.answers.items()
            ),
        )
        for place, first in enumerate(base[:count])
    )


def warnings(arms: list[TrainedArm], measured: Measured, rates: WinRates | None) -> tuple[guard_rails.Caution, ...]:
    """The guard rails that were hit, each once: by the data sets, by the answers, and by the judge if one was asked."""
    cautions = [
        caution
        for arm in arms
        for stage in arm.record["stages"]
        for caution in guard_rails.of_training(stage["data"]["folder"], stage["checks"], stage["counts"])
    ]
    lengths = {name: [answer.tokens for answer in answers] for name, answers in measured.answers.items()}
    cautions += guard_rails.of_answers(lengths, PRETRAINED)
    for arm in rates.arms if rates is not None else ():
        if arm.first_shown.finding in ("higher", "lower"):
            cautions.append(guard_rails.of_judge(arm.arm, round(arm.first_shown.value * arm.decided), arm.decided))
    return tuple(dict.fromkeys(cautions))
