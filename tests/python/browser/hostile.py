"""Dialogues whose text does whatever text can do to a page."""

import json

# Each would set `document.documentElement.dataset.harmed`, ask the network, or break the layout if it were live.
HARM = "document.documentElement.dataset.harmed='yes'"
TEXTS = [
    f"<script>{HARM}</script>",
    f"</script><script>{HARM}</script>",
    f"<img src=x onerror=\"{HARM}\">",
    f"<svg onload=\"{HARM}\"><script>{HARM}</script></svg>",
    f"<a href=\"javascript:{HARM}\">click</a> [click](javascript:{HARM})",
    "<style>*{display:none!important}</style><link rel=stylesheet href=https://example.org/x.css>",
    "<iframe srcdoc='<script>parent.document.documentElement.dataset.harmed=1</script>'></iframe>",
    "<meta http-equiv=refresh content='0;url=https://example.org/'><base href='https://example.org/'>",
    "<form action=https://example.org/><button autofocus onfocus=\"" + HARM + "\">ok</button></form>",
    "</textarea></title></style></details></table></dialog></main><h1>Broken out</h1>",
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7*7 %> {# #} {%- include 'x' -%}",
    "\"><img src=https://example.org/p.png> ' \" ` & &lt; &#x3c;script&#x3e;",
    "\u202etxet desrever\u202c \u2066isolated\u2069 \u200f\u200e\u061c",
    "zero\u200bwidth\u2060and\ufeffmarks\u00ad and a tag \U000e0041\U000e0042",
    "bell\u0007 escape\u001b[31mred\u001b[0m \u001b]8;;https://example.org\u0007link\u001b]8;;\u0007 \u009b2J \u0008\u007f",
    "nul\u0000here",
    "line\u2028separator\u2029paragraph \r carriage\r\nreturn \u0085next",
    "שלום עולם, התשובה לא נכונה. مرحبا، الإجابة خاطئة! ‏42",
    "ภาษาไทย 👩\u200d💻 ZWJ नमस्ते क्\u200dष Z͑̓̐a͏ͭl͗̿g̽ͬo̊",
    "W" * 100_000,
    "no, that is wrong. " * 52_632,
    "\ud83d\ude00" * 3_000,
    "a\n" * 5_000,
    "https://example.org/" + "x" * 4_000,
]


def write(path):
    """Writes a conversation for each text: in the request, the answer, the turn, the id and the columns; returns how many."""
    with open(path, "w", encoding="utf-8") as out:
        for number, text in enumerate(TEXTS):
            for praise in ("Thanks, that worked! ", "No, that is wrong. "):
                record = {
                    "conversation_id": f"{number}{praise[:2]}{text[:60]}",
                    "model": text[:200],
                    "language": "English" if number % 2 else text[:20],
                    "source": f"<b>{number}</b>",
                    "timestamp": "2026-03-04T00:00:00Z",
                    "conversation": [
                        {"role": "user", "content": f"{text[:5000]} please"},
                        {"role": "assistant", "content": f"{text[:5000]} answer"},
                        {"role": "user", "content": praise + text},
                        {"role": "assistant", "content": "Fine."},
                        {"role": "user", "content": text[:2000] + " and again"},
                    ],
                }
                out.write(json.dumps(record) + "\n")
    return 2 * len(TEXTS)
