"""Checks that warn: what makes praise a poor teacher, and what makes a comparison a poor proof.

Users praise answers for reasons besides their quality. What training on feedback brings is tied to the quality of the prompts
(arXiv 2507.23158), jailbreaks that work are praised, too, and a longer answer looks better. None of these checks stops anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Caution:
    """What was seen (with figures), what it is about, and what to do."""

    subject: str
    seen: str
    advice: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.seen}; {self.advice}"


MANY = 0.05
"""From this share on, rows of a kind that should be few are told."""
LENGTH_SHIFT = 1.5
"""From this ratio on, lengths are told apart."""
FEW_ROWS = 1000
"""Below, a training can hardly be expected to show: the paper trains on 8,448 praised answers."""

KINDS = {
    "refusals": ("decline what was asked", "export with --no-refusals"),
    "jailbreaks": ("follow prompts with phrases of jailbreaks", "read them, and export with --block FILE"),
    "flagged": ("come from records that their source calls toxic or flagged", "export with --except, such as --except toxic=true"),
}


def of_training(name: str, checks: dict[str, Any], counts: dict[str, int]) -> list[Caution]:
    """What a user should know before training: `checks` of the data set, `counts` of the rows as they are trained on."""
    rows, cut = counts["rows"], counts["cut"]
    cautions = of_checks(name, checks)
    if rows < FEW_ROWS:
        cautions.append(
            Caution(
                name, f"{rows:,} rows are few (the paper trains on 8,448 praised answers)", "a difference may not show; find more feedback"
            )
        )
    if cut * 2 > rows:
        cautions.append(
            Caution(
                name, f"{cut:,} of {rows:,} answers lose their end, so that the model does not learn where to stop", "raise --max-length"
            )
        )
    return cautions


def of_checks(name: str, checks: dict[str, Any]) -> list[Caution]:
    """Cautions about the answers that a data set holds, from the counts of the export."""
    praised, blamed = checks["desirable"], checks["undesirable"]
    cautions = []
    for kind, (what, advice) in KINDS.items():
        count = praised[kind]
        if count and count > MANY * praised["rows"]:
            cautions.append(Caution(name, f"{count:,} of {praised['rows']:,} answers to imitate {what}", advice))
    lengths = praised["median_answer_chars"], blamed["median_answer_chars"]
    if all(lengths) and max(lengths) > LENGTH_SHIFT * min(lengths):
        longer = "praised" if lengths[0] > lengths[1] else "blamed"
        cautions.append(
            Caution(
                name,
                f"{longer} answers are longer (medians: {lengths[0]:,} characters praised, {lengths[1]:,} blamed), and a model may learn the length",
                "go by the figure over pairs of like length",
            )
        )
    return cautions


def of_answers(tokens: Mapping[str, Sequence[int]], pretrained: str) -> list[Caution]:
    """Cautions about the lengths of answers, by model: judges prefer long ones."""
    usual = median(tokens[pretrained]) if tokens[pretrained] else 0
    cautions = []
    for name, lengths in tokens.items():
        own = median(lengths) if lengths else 0
        if min(own, usual) and max(own, usual) > LENGTH_SHIFT * min(own, usual):
            cautions.append(
                Caution(
                    name,
                    f"its answers have {own:g} tokens, the pre-trained model's {usual:g} (medians)",
                    "judges prefer long answers: distrust its win rate",
                )
            )
    return cautions


def of_judge(arm: str, first: int, decided: int) -> Caution:
    """A caution about a judge that goes by the place of an answer: `first` of its `decided` verdicts are for the answer shown first."""
    return Caution(
        f"judge of {arm}",
        f"{first:,} of {decided:,} verdicts are for the answer shown first, where half would be",
        "pairs whose two orders disagree count as ties, so that the win rate leans to one half: take another judge",
    )
