"""Text of others on a page: nothing in it may hide, reorder a line, or come alive as markup."""

from __future__ import annotations

import re

# What could steer a terminal, reorder a line or stand in it unseen: controls but line feed and tab, marks that override the direction
# of writing, and characters without a width. Joiners and variation selectors are left where scripts and emoji need them.
_HARMFUL = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u2800\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# A joiner or selector that shapes nothing: no letter or sign stands before it.
_NOTHING = "(?<![\u0080-\U0010ffff])"
_ALONE = (
    f"{_NOTHING}[\u200c\u200d]|(?<=[{_UNSEEN}\u200c\u200d\ufe0e])\u200d|(?<=[{_UNSEEN}\u200c-\u200d\ufe0e\ufe0f])[\u200c\ufe0e\ufe0f]|"
    "(?<![0-9#*\u0080-\U0010ffff])[\ufe0e\ufe0f]"
)
_SHOWN = re.compile(f"[{_HARMFUL}{_UNSEEN}\ud800-\udfff]|{_ALONE}")


def visible(text: str) -> str:
    """The text with every such character shown by its number: `⟨U+202E⟩`. Line ends become line feeds."""
    return _SHOWN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text.replace("\r\n", "\n"))


class Markdown(str):
    """A piece of Markdown that is meant as such; every other text is escaped before it gets into a page."""


_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~&$]")
_LINK = re.compile(r"(?<=[A-Za-z]):(?=//)|(?<=[Ww]{3})\.|@")
_LINE_MARK = re.compile(r"([-=]|\+(?=\s|$)|\d+(?=[.)](?:\s|$)))")


def markdown_text(value: object) -> str:
    """A value as one line of Markdown in which nothing is live: no markup, HTML, link, image, mention or end of a table cell."""
    if isinstance(value, Markdown):
        return value
    text = visible(str(value)).replace("\n", " ").replace("\t", " ").strip()
    text = _MARKS.sub(r"\\\g<0>", text)
    text = _LINK.sub(lambda found: "@\u200b" if found.group() == "@" else "\\" + found.group(), text)
    begin = _LINE_MARK.match(text)
    if begin is None:
        return text
    at = begin.end() if begin.group().isdigit() else 0
    return text[:at] + "\\" + text[at:]


def markdown_code(value: object) -> Markdown:
    """A value in a code span. Not for cells of a table, which a bar would end."""
    text = visible(str(value)).replace("\n", " ")
    ticks = "`" * (_longest_run(text) + 1)
    gap = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return Markdown(f"{ticks}{gap}{text}{gap}{ticks}")


def markdown_block(text: str) -> Markdown:
    """A text in a fenced block that it cannot end."""
    shown = visible(text)
    ticks = "`" * max(3, _longest_run(shown) + 1)
    return Markdown(f"{ticks}text\n{shown}\n{ticks}")


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
