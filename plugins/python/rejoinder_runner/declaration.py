"""What a file says of itself, read into the words of the engine's interface."""

import json
import os

from rejoinder_runner.batch import CATEGORIES
from rejoinder_runner.failure import Failure
from rejoinder_runner.frames import clean

ABI = [1, 0]
FLAGS = {"votes": 1 << 1, "scores": 1 << 2, "facts": 1 << 3, "columns": 1 << 4}
LONGEST_TURN = (1 << 32) - 1
INFINITY = float("inf")


def is_name(text):
    """Whether a text can be the name of a plugin, a fact or a word."""
    return isinstance(text, str) and text != "" and not text.strip("abcdefghijklmnopqrstuvwxyz0123456789-_")


def is_word(text):
    """Whether a text can be the word of a fact: a rule that asks for `true` or `3` asks for a truth or a number."""
    try:
        float(text.replace("_", " "))
    except ValueError:
        return is_name(text) and text not in ("true", "false")
    return False


class Declaration:
    """What the engine is told of a plugin, and the words by which the plugin answers."""

    def __init__(self, path, values):
        self.file, self.values = os.path.basename(path), values
        self.words = {}
        get = values.get
        has_votes, has_facts = callable(get("classify")), callable(get("facts"))
        self.facts = [self.described_fact(name, fact) for name, fact in dict(get("FACTS") or {}).items()]
        if not has_votes and not has_facts:
            raise self.wrong("it has no function `classify(batch, state)` and no `facts(batch, state)`")
        if has_facts != bool(self.facts):
            raise self.wrong("`FACTS` says which facts there are, and a function `facts(batch, state)` gives them: one of them is missing")
        scores = get("SCORES")
        given = ["votes"] * has_votes + ["scores"] * (scores is not None and scores is not False) + ["facts"] * has_facts
        gives = [get("GIVES")] if isinstance(get("GIVES"), str) else list(get("GIVES") or given)
        for what in gives:
            if what not in given:
                raise self.wrong("GIVES has `{}`, and the file has only what makes {}".format(what, ", ".join(given)))
        reasons = self.texts("REASONS", get("REASONS", ()))
        self.reasons = {reason: number for number, reason in enumerate(reasons, 1)}
        if not is_name(get("NAME")):
            raise self.wrong("NAME is the plugin's name, of a-z, 0-9, - and _")
        columns = ["columns"] * bool(get("COLUMNS"))
        self.description = {
            "name": get("NAME"),
            "version": self.text("VERSION"),
            "about": self.text("ABOUT"),
            "abi": ABI,
            "struct_size": 0,
            "flags": sum(FLAGS[what] for what in set(gives + columns)),
            "concurrent": False,
            "gives": {what: what in gives for what in ("votes", "scores", "facts")},
            "wants_columns": bool(columns),
            "asks": self.asks(get("CANDIDATES")),
            "facts": self.facts,
            "config_schema": self.schema(get("CONFIG_SCHEMA")),
            "reasons": reasons,
            "scores": {"purposes": self.purposes(scores), "has_model": False} if "scores" in gives else None,
        }

    def wrong(self, why):
        return Failure("{}: {}".format(self.file, why))

    def text(self, key):
        value = self.values.get(key, "")
        if not isinstance(value, str):
            raise self.wrong("{} is a text, and here it is {!r}".format(key, value))
        return clean(value)

    def texts(self, key, values):
        if isinstance(values, str) or not all(isinstance(value, str) for value in values):
            raise self.wrong("{} is a list of texts".format(key))
        return [clean(value) for value in values]

    def schema(self, schema):
        if schema is None:
            return ""
        try:
            return json.dumps(schema, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise self.wrong("CONFIG_SCHEMA is no JSON Schema: {}".format(error)) from None

    def asks(self, candidates):
        if candidates is None or candidates == "rules" or candidates == "all":
            return {None: "default", "rules": "marked", "all": "all"}[candidates]
        known = {"phrases", "languages", "min_words", "max_words"}
        if not isinstance(candidates, dict) or set(candidates) - known:
            raise self.wrong('CANDIDATES is "rules", "all", or a dict of {}'.format(", ".join(sorted(known))))
        selection = {"min_words": candidates.get("min_words", 0)}
        for key in ("phrases", "languages"):
            selection[key] = self.texts("CANDIDATES: `{}`".format(key), candidates.get(key, ()))
            if not all(text.strip() for text in selection[key]):
                raise self.wrong("CANDIDATES: one of the `{}` is empty".format(key))
        if "max_words" in candidates:
            selection["max_words"] = candidates["max_words"]
        least, most = selection["min_words"], selection.get("max_words", LONGEST_TURN)
        if not (isinstance(least, int) and isinstance(most, int) and 0 <= least <= most <= LONGEST_TURN and most):
            raise self.wrong("CANDIDATES: `min_words` and `max_words` are numbers of words, the first no more than the second")
        return {"selected": selection}

    def purposes(self, scores):
        if scores is True:
            return []
        purposes = self.text("SCORES").lower().split()
        categories = {category.lower() for category in CATEGORIES if isinstance(category, str)}
        for purpose in purposes:
            if purpose not in ("all", "sft", "kto") and set(purpose.split(",")) - categories:
                message = "SCORES names `{}`: it is True, or has all, sft, kto or categories such as UR2,UR5, with blanks between them"
                raise self.wrong(message.format(purpose))
        return purposes

    def described_fact(self, name, fact):
        kinds = {"number", "truth", "words"}
        if not isinstance(fact, dict) or len(kinds & set(fact)) != 1 or set(fact) - kinds - {"about"}:
            message = "the fact `{}` is a dict with `about` and one of `number`: (least, most), `truth`: True, `words`: [...]"
            raise self.wrong(message.format(name))
        if not is_name(name):
            raise self.wrong("a fact's name is of a-z, 0-9, - and _, and this is {!r}".format(name))
        kind = "truth"
        if "number" in fact:
            bounds = fact["number"]
            are_numbers = len(bounds) == 2 and all(isinstance(bound, (int, float)) for bound in bounds)
            if not are_numbers or not -INFINITY < bounds[0] < bounds[1] < INFINITY:
                raise self.wrong("the fact `{}` is a number from a least to a most: `number` is (least, most)".format(name))
            kind = {"number": {"least": float(bounds[0]), "most": float(bounds[1])}}
        elif "words" in fact:
            words = self.words[name] = self.texts("the words of `{}`".format(name), fact["words"])
            if not words or not all(map(is_word, words)) or len(set(words)) < len(words):
                message = "the words of the fact `{}` are each of a-z, 0-9, - and _, neither `true`, `false` nor a number, and no two the same"
                raise self.wrong(message.format(name))
            kind = {"word": {"words": words}}
        return {"name": name, "about": clean(fact.get("about", "")), "kind": kind}

    # The words of its answers.

    def reason_number(self, reason):
        number = self.reasons.get(reason) if isinstance(reason, str) else reason
        if number is None:
            raise ValueError("`{}` is none of REASONS".format(reason))
        return number

    def fact_value(self, name, value):
        if value is None:
            return float("nan")
        if not isinstance(value, str):
            return value
        words = self.words.get(name, [])
        if value not in words:
            raise ValueError("`{}` is no word of the fact `{}`".format(value, name))
        return words.index(value)
