"""The judge's verdicts, read from result lines of OpenAI's Batch format. The file is foreign: every line may be anything."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .pair_requests import PairRequest

Verdict = Literal["A", "B", "C"]

LONGEST_LINE = 16 << 20
_VERDICT = re.compile(r"\[\[([ABC])\]\]")
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*</think(?:ing)?>", re.DOTALL)


@dataclass(frozen=True)
class Trouble:
    """Something about the result file that people must know, and how many lines or requests it is about."""

    what: str
    count: int


@dataclass(frozen=True)
class Verdicts:
    """The verdicts by `custom_id`, and what the judge cost.

    `models` are the names that the replies give, most frequent first. `replies` counts the requests that the judge replied to, readable
    or not; tokens are sums over these, `None` where no reply tells them.
    """

    by_id: Mapping[str, Verdict]
    models: tuple[str, ...]
    replies: int
    input_tokens: int | None
    output_tokens: int | None
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True)
class _Reply:
    text: str | None
    cut: bool
    model: str | None
    input_tokens: int | None
    output_tokens: int | None


def read_verdicts(file: Path, requests: Iterable[PairRequest]) -> Verdicts:
    """Read what a judge said to `requests`: in any order, with lines of other jobs, doubled, faulty or missing lines.

    A line that tells no verdict is counted under its reason and never guessed.

    Raises:
        OSError: the file cannot be read.
    """
    wanted = {request.custom_id for request in requests}
    replies: dict[str, list[_Reply]] = {}
    failed: set[str] = set()
    counts: Counter[str] = Counter()
    for line in _lines(file):
        custom_id, reply = _read(line)
        if custom_id is None:
            counts["lines that are no result of a batch"] += 1
        elif custom_id not in wanted:
            counts["lines about other requests (another job, or answers that were generated anew)"] += 1
        elif reply is None:
            failed.add(custom_id)
        else:
            replies.setdefault(custom_id, []).append(reply)
    counts["requests that failed (an error instead of a reply)"] = len(failed - replies.keys())
    counts["requests without a line"] = len(wanted - failed - replies.keys())
    by_id: dict[str, Verdict] = {}
    for custom_id, several in replies.items():
        verdict, trouble = _settle(several)
        if verdict is not None:
            by_id[custom_id] = verdict
        if trouble is not None:
            counts[trouble] += 1
    firsts = [several[0] for several in replies.values()]
    names = Counter(reply.model for reply in firsts if reply.model is not None)
    return Verdicts(
        by_id=by_id,
        models=tuple(name for name, _ in names.most_common()),
        replies=len(firsts),
        input_tokens=_sum(reply.input_tokens for reply in firsts),
        output_tokens=_sum(reply.output_tokens for reply in firsts),
        troubles=tuple(Trouble(what, count) for what, count in counts.items() if count),
    )


def verdict_in(text: str) -> Verdict | None:
    """The one verdict that a reply gives, however often; `None` where it gives none or several. Thinking before it does not count."""
    found = set(_VERDICT.findall(_THINKING.sub("", text, count=1)))
    return found.pop() if len(found) == 1 else None


def _settle(several: list[_Reply]) -> tuple[Verdict | None, str | None]:
    """The verdict of all replies to one request, and what is to be told about them."""
    verdicts = [verdict_in(reply.text or "") for reply in several]
    if len(set(verdicts)) > 1:
        return None, "requests with several replies that contradict each other"
    if verdicts[0] is not None:
        return verdicts[0], "requests with several replies that agree (counted once)" if len(several) > 1 else None
    first = several[0]
    if first.text is None or not first.text.strip():
        return None, "replies without text"
    if len(set(_VERDICT.findall(first.text))) > 1:
        return None, "replies with several verdicts"
    return None, "replies that were cut off before a verdict" if first.cut else "replies without a verdict"


def _lines(file: Path) -> Iterator[bytes]:
    """The lines that are not blank; of a line that is too long, the part that was read, which is no JSON."""
    with file.open("rb") as source:
        while line := source.readline(LONGEST_LINE):
            part = line
            while len(part) == LONGEST_LINE and not part.endswith(b"\n"):
                part = source.readline(LONGEST_LINE)
            if line.strip():
                yield line


def _read(line: bytes) -> tuple[str | None, _Reply | None]:
    """The `custom_id` of a line (`None` if it is no result line) and the reply (`None` if there is an error in its place)."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None, None
    custom_id = _get(row, "custom_id", str)
    if custom_id is None:
        return None, None
    response = _get(row, "response", dict)
    body = _get(response, "body", dict)
    choice = _first(_get(body, "choices", list))
    message = _get(choice, "message", dict)
    if row.get("error") is not None or _get(response, "status_code", int) not in (None, 200) or message is None:
        return custom_id, None
    usage = _get(body, "usage", dict)
    return custom_id, _Reply(
        text=_get(message, "content", str),
        cut=_get(choice, "finish_reason", str) == "length",
        model=_get(body, "model", str),
        input_tokens=_count(_get(usage, "prompt_tokens", int)),
        output_tokens=_count(_get(usage, "completion_tokens", int)),
    )


def _get(value: Any, key: str, kind: type) -> Any:
    """The entry of an object, if it is of this kind."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, kind) and not isinstance(found, bool) else None


def _first(values: list[Any] | None) -> Any:
    return values[0] if values else None


def _count(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < 1 << 53 else None


def _sum(numbers: Iterable[int | None]) -> int | None:
    told = [number for number in numbers if number is not None]
    return sum(told) if told else None
