"""Chat text in a prompt is hostile data: it may try to end its section, to begin a message, or to look like a verdict.

What could pass for one of these is changed so that both a program and a model see the difference; all other text stays as it is,
to the character:

* the bracket of a verdict or of a section's mark becomes a parenthesis: `([A]]`, `(The End of Assistant A's Answer]`;
* a line that begins as a message does is quoted: `> ### User:`;
* a control marker of a chat template gets a zero-width space after its first character, so that no tokenizer knows it.
"""

from __future__ import annotations

import re

ZERO_WIDTH_SPACE = "\u200b"

# Characters that leave no trace where text is shown.
_UNSEEN = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff"
_ENDS_LINE = "\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_GAP = rf"[\s{_UNSEEN}]{{0,20}}"
_OPEN = r"[\[［【〔⟦]"
_CLOSE = r"[\]］】〕⟧]"


def _spread(words: str) -> str:
    """A pattern of words: unseen characters may stand between letters, white space too where a space stands."""
    return _GAP.join(rf"[{_UNSEEN}]{{0,5}}".join(map(re.escape, word)) for word in words.split())


def _any_of(*phrases: str) -> str:
    return "(?:" + "|".join(map(_spread, phrases)) + ")"


_VERDICT = re.compile(rf"{_OPEN}(?={_GAP}{_OPEN}{_GAP}[A-CＡ-ＣАВС]{_GAP}{_CLOSE})", re.IGNORECASE)
_SECTION = re.compile(
    rf"{_OPEN}(?={_GAP}/?{_GAP}{_any_of('the start', 'the end', 'user question', 'system', 'end of', 'start of')})",
    re.IGNORECASE,
)
_ROLES = _any_of("user", "human", "assistant", "system", "tool", "chatbot", "judge")
_HEAD = re.compile(
    rf"(?:^|(?<=[{_ENDS_LINE}]))"
    rf"(?P<lead>(?:[^\S{_ENDS_LINE}]|[{_UNSEEN}>#＃*_\-])*)"
    rf"{_ROLES}(?:[ \t]+[A-Z0-9])?[ \t*_{_UNSEEN}]*(?P<colon>[:：])?",
    re.IGNORECASE,
)
# Names between the brackets of markers, as published chat templates have them. A name with an underscore counts without standing
# here, and so does every form with bars.
_NAMES = (
    "s|unk|pad|bos|eos|mask|cls|sep|sop|eop|inst|img|args|prefix|middle|suffix|gmask|smask|think|thinking|thought|reasoning|"
    "reflection|scratchpad|results|image|function|invoke|parameter|tool|tools|user|assistant|human|system|instructions"
)
_NAME = rf"/{{0,3}}(?:{_NAMES}|[a-z0-9]{{0,30}}_[a-z0-9_]{{0,30}})"
_MARKER = re.compile(rf"<(?=[|｜])|[|｜](?=>)|<(?=</?sys)|<(?={_NAME}>)|\[(?={_NAME}\])", re.IGNORECASE)


def disarm(text: str) -> str:
    """The text with every harmful place changed as the module says."""
    text = _VERDICT.sub("(", text)
    text = _SECTION.sub("(", text)
    text = _HEAD.sub(_quoted, text)
    return _MARKER.sub(lambda found: found.group() + ZERO_WIDTH_SPACE, text)


def _quoted(found: re.Match[str]) -> str:
    begins_message = found["colon"] or any(mark in found["lead"] for mark in "#＃")
    return ("> " if begins_message else "") + found.group()
