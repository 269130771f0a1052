"""Figures in words."""

from __future__ import annotations

from ..results import TrainingStage
from ..statistics.figure import FEWEST_CONVERSATIONS, Figure

MINUS = "\u2212"
# A percent sign does not begin a line.
PERCENT = "\u00a0%"


def share(found: Figure) -> str:
    """A share of pairs with its interval, in percent: `53 % (44 to 62 %)`."""
    if found.value is None or found.low is None or found.high is None:
        return too_few(found)
    digits = _percent_digits(found)
    low, value, high = (_percent(number, digits) for number in (found.low, found.value, found.high))
    return f"{value}{PERCENT} ({low} to {high}{PERCENT})"


def points(found: Figure) -> str:
    """A difference of two shares, in percentage points: `+3 (−4 to +10) points`."""
    if found.value is None or found.low is None or found.high is None:
        return too_few(found)
    digits = _percent_digits(found)
    low, value, high = (_signed(100 * number, digits) for number in (found.low, found.value, found.high))
    return f"{value} ({low} to {high}) points"


def nats(found: Figure) -> str:
    """A log-probability or divergence a token, in nats, signed where 0 means no difference: `+0.012 (−0.003 to +0.027)`."""
    if found.value is None or found.low is None or found.high is None:
        return too_few(found)
    write = _signed if found.neutral is not None else _plain
    low, value, high = (write(number, _nats_digits(found)) for number in (found.low, found.value, found.high))
    return f"{value} ({low} to {high})"


def too_few(found: Figure) -> str:
    """Why there is no number."""
    if found.conversations < FEWEST_CONVERSATIONS:
        return f"too few: {conversations(found.conversations)}, {FEWEST_CONVERSATIONS} are needed"
    return "too few differing answers"


def finding(found: Figure, higher: str = "higher", lower: str = "lower") -> str:
    """What a figure says, in words."""
    return {
        "higher": higher,
        "lower": lower,
        "no difference": "no difference can be seen with so few",
        "too few": "no claim can be made",
        "described": "",
    }[found.finding]


def detectable_share(found: Figure) -> str:
    """Which shares would have been told from 50 %: `60 % or more, or 40 % or less`; empty where there is none or no number."""
    if found.detectable is None or found.neutral is None or found.detectable >= found.neutral:
        return ""
    least, most = (_percent(found.neutral + sign * found.detectable, 0) for sign in (1, -1))
    return f"{least}{PERCENT} or more, or {most}{PERCENT} or less"


def detectable_nats(found: Figure) -> str:
    """The distance from 0 that would have been seen, in nats a token."""
    return "" if found.detectable is None else _plain(found.detectable, _nats_digits(found))


def detectable_points(found: Figure) -> str:
    """The distance from 0 that would have been seen, in percentage points."""
    return "" if found.detectable is None else f"{_plain(100 * found.detectable, _percent_digits(found))} points"


def conversations(count: int) -> str:
    """`1 conversation`, `28 conversations`."""
    return number(count) + (" conversation" if count == 1 else " conversations")


def number(value: int | float | None) -> str:
    """A number such as `1,024`; `not known` for none."""
    if value is None:
        return "not known"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def duration(seconds: float) -> str:
    """A time as `48 s`, `12 min 5 s`, `3 h 20 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60) if seconds >= 3600 else int(seconds // 60)
    if seconds >= 3600:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {int(seconds % 60)} s"


def loss(stage: TrainingStage) -> str:
    """The mean loss over all steps of a training."""
    return "not known" if stage.loss is None else f"{stage.loss:.3f}"


def sentence(text: str) -> str:
    """The text with a capital letter at its beginning and a full stop at its end, if it has neither."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def origin(labels: str) -> str:
    """Where the feedback of a data set comes from, by the word that an export has for it; other words stay."""
    known = {
        "run": "what the run found",
        "records": "labels of the records",
        "file": "labels in a file beside the corpus",
        "none": "nobody (drawn at random)",
    }
    return known.get(labels, labels)


def _percent_digits(found: Figure) -> int:
    """One decimal where the interval is narrower than four points, else none."""
    return 1 if found.high is not None and found.low is not None and found.high - found.low < 0.04 else 0


def _nats_digits(found: Figure) -> int:
    """Enough decimals for two digits of the interval's width, from 2 to 6."""
    width = (found.high or 0.0) - (found.low or 0.0)
    digits = 2
    while digits < 6 and 0 < width < 10.0 ** (1 - digits):
        digits += 1
    return digits


def _percent(value: float, digits: int) -> str:
    return _plain(100 * value, digits)


def _plain(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", MINUS)


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", MINUS)
