"""A complete plugin in Python: accepts a turn whose whole text a rule about thanks matched, unless the answer before it asked a
question (then "thanks" may be "no, thanks"), and says how sure it is by how short the turn is.

It shows what there is beside the turn: the conversation so far, the rules that hit, and their names. The plugin in C in
`../thanks-c` says the same of every turn.
"""

NAME = "thanks"
VERSION = "1.0.0"
ABOUT = "accepts turns that are thanks and nothing else (UR5)"
CONFIG_SCHEMA = {"type": "object", "additionalProperties": False}
# Without a hit it has nothing to say.
CANDIDATES = "rules"

WHOLE = "all of it is thanks"
ASKED = "thanks, but to a question"
REASONS = [WHOLE, ASKED]

BLANK = "".join(map(chr, range(ord(" ") + 1)))


def is_all_thanks(turn, hits):
    """Whether a rule with `thank` in its id matched the turn from its first letter to its last."""
    length = len(turn.rstrip(BLANK + ".!"))
    return length > 0 and any(hit.start == 0 and hit.end >= length and "thank" in hit.rule for hit in hits)


def was_asked(messages):
    """Whether the assistant's last words before the turn are a question."""
    for message in reversed(messages[:-1]):
        text = message.text.rstrip(BLANK)
        if message.role == "assistant" and text:
            return text.endswith("?")
    return False


def classify(batch, state):
    for i, turn in enumerate(batch.texts):
        if not is_all_thanks(turn, batch.hits(i)):
            continue  # abstain, as the engine filled it in
        if was_asked(batch.messages(i)):
            batch.abstain(i, score=0.5, reason=ASKED)
        else:
            batch.accept(i, "UR5", score=0.97 if len(turn.encode()) < 30 else 0.9, reason=WHOLE)
