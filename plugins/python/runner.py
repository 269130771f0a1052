"""The home of a rejoinder plugin in Python: a process of its own, asked over a socket by the engine.

The engine carries this file inside of itself and hands it to the interpreter, which needs no package for it. Standard input is the
socket. What comes over it is said in the engine's `child/frame.rs`: a header, then a text or the columns of a batch.

Nothing here is of a later Python than 3.6, so that an interpreter that is too old can say so.
"""

import array
import collections
import fcntl
import json
import linecache
import os
import select
import signal
import struct
import sys
import threading
import time
import traceback
import types

OLDEST = (3, 9)
ABI = [1, 0]
FLAGS = {"votes": 1 << 1, "scores": 1 << 2, "facts": 1 << 3, "columns": 1 << 4}

# Kinds of frames.
HELLO, START, BATCH, DONE, FAILED, STUCK, ANSWERS, MODEL, FACTS, FACT_VALUES, MEMORY = range(1, 12)

FIELDS = "magic kind text n n_messages n_conversations n_columns column_text n_hits n_earlier start end flag".split()
HEADER = struct.Struct("={}I".format(len(FIELDS)))
MAGIC = int.from_bytes(b"rjn1", sys.byteorder)
Header = collections.namedtuple("Header", FIELDS)

# Columns of a batch, in the order in which they come: name, type, and how many by the header.
COLUMNS = [
    ("text", "B", lambda h: h.text),
    ("text_off", "I", lambda h: h.n_messages + 1),
    ("role", "B", lambda h: h.n_messages),
    ("time", "q", lambda h: h.n_messages),
    ("language", "B", lambda h: h.n_conversations * 4),
    ("column_off", "I", lambda h: h.n_conversations + 1),
    ("columns", "I", lambda h: h.n_columns * 4),
    ("column_text", "B", lambda h: h.column_text),
    ("conversation", "I", lambda h: h.n),
    ("first", "I", lambda h: h.n),
    ("target", "I", lambda h: h.n),
    ("answer", "I", lambda h: h.n),
    ("answer_end", "I", lambda h: h.n),
    ("id", "Q", lambda h: h.n),
    ("prior", "f", lambda h: h.n),
    ("hit_off", "I", lambda h: h.n + 1),
    ("hits", "I", lambda h: h.n_hits * 3),
    ("earlier_verdict", "B", lambda h: h.n * h.n_earlier),
    ("earlier_category", "B", lambda h: h.n * h.n_earlier),
    ("earlier_score", "f", lambda h: h.n * h.n_earlier),
]
# Columns of which a call on a part of a batch sees a part.
PER_CANDIDATE = "conversation first target answer answer_end id prior".split()
PER_VOTE = "earlier_verdict earlier_category earlier_score".split()

NO_TIME = -(1 << 63)
PROBS = 6
ROLES = {1: "system", 2: "user", 3: "assistant", 4: "tool"}
LONGEST_MESSAGE = 600
FRAMES = 3
LAST_WORDS = 1.0
LONGEST_TURN = (1 << 32) - 1
INFINITY = float("inf")


class Line:
    """The socket to the engine."""

    def __init__(self, number):
        self.number = number

    def fill(self, buffers):
        """Fills all buffers; the end of the line is an EOFError."""
        rest = collections.deque(memoryview(buffer) for buffer in buffers if len(buffer))
        while rest:
            # More buffers than this at once are refused by some systems.
            got = os.readv(self.number, [rest[i] for i in range(min(len(rest), 64))])
            if not got:
                raise EOFError
            while rest and got >= len(rest[0]):
                got -= len(rest.popleft())
            if got:
                rest[0] = rest[0][got:]

    def header(self):
        buffer = bytearray(HEADER.size)
        self.fill([buffer])
        header = Header(*HEADER.unpack(buffer))
        if header.magic != MAGIC:
            raise SystemExit("what came over the line is no frame of this engine")
        return header

    def text(self, length):
        buffer = bytearray(length)
        self.fill([buffer])
        return buffer.decode()

    def send(self, kind, parts, **fields):
        header = Header(*(0,) * len(FIELDS))._replace(magic=MAGIC, kind=kind, **fields)
        rest = collections.deque([memoryview(HEADER.pack(*header))])
        rest.extend(memoryview(part).cast("B") for part in parts if len(part))
        while rest:
            sent = os.writev(self.number, [rest[i] for i in range(min(len(rest), 64))])
            while rest and sent >= len(rest[0]):
                sent -= len(rest.popleft())
            if sent:
                rest[0] = rest[0][sent:]

    def send_text(self, kind, text):
        encoded = clean(text).encode()
        self.send(kind, [encoded], text=len(encoded))


def is_name(text):
    """Whether a text can be the name of a plugin, a fact or a word."""
    return isinstance(text, str) and text != "" and not text.strip("abcdefghijklmnopqrstuvwxyz0123456789-_")


def clean(text):
    """A text without halves of characters, which UTF-8 cannot hold."""
    return str(text).encode("utf-8", "backslashreplace").decode()


class Guard:
    """Ends the process when the engine is gone, whatever the plugin is doing then."""

    def __init__(self, number):
        self.number = number
        self.flags = fcntl.fcntl(number, fcntl.F_GETFL)
        # In a call nothing comes over the line but its end. Where the system can make of that a signal that nobody can hold up, code
        # that keeps all threads of the interpreter waiting does not outlive the engine either.
        self.is_loud = hasattr(fcntl, "F_SETSIG")
        try:
            if self.is_loud:
                fcntl.fcntl(number, fcntl.F_SETOWN, os.getpid())
                fcntl.fcntl(number, fcntl.F_SETSIG, signal.SIGKILL)
        except OSError:
            self.is_loud = False
        threading.Thread(target=self.watch, name="end with the engine", daemon=True).start()

    def watch(self):
        line = select.poll()
        line.register(self.number, 0)
        while not line.poll():
            pass
        time.sleep(LAST_WORDS)
        os.kill(os.getpid(), signal.SIGKILL)

    def __enter__(self):
        if self.is_loud:
            fcntl.fcntl(self.number, fcntl.F_SETFL, self.flags | os.O_ASYNC)

    def __exit__(self, *_):
        if self.is_loud:
            fcntl.fcntl(self.number, fcntl.F_SETFL, self.flags)


class Failure(Exception):
    """A call that gave no result; the text is for the user."""


Message = collections.namedtuple("Message", "role text time")
Hit = collections.namedtuple("Hit", "rule start end category route")
Vote = collections.namedtuple("Vote", "verdict category score")


class Column:
    """A column of answers: set as a whole, or item by item."""

    def __init__(self, kind, each, filled):
        self.kind, self.each, self.filled = kind, each, filled

    def __set_name__(self, _, name):
        self.name = name

    def new(self, n):
        return array.array(self.kind, [self.filled]) * (n * self.each)

    def __get__(self, batch, _):
        return self if batch is None else batch._answers[self.name]

    def __set__(self, batch, values):
        batch._answers[self.name] = column_of(self.name, self.kind, values, len(batch), self.each)


def column_of(name, kind, values, n, each=1):
    """`n` rows of `each` values, from an array of numpy, a list, a list of rows, or whatever can be iterated."""
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    if values and isinstance(values[0], (list, tuple)):
        values = [value for row in values for value in row]
    if len(values) != n * each:
        each = "one" if each == 1 else str(each)
        message = "`{}` takes {} for each of the {} candidates, and this has {}"
        raise ValueError(message.format(name, each, n, len(values)))
    try:
        return array.array(kind, values)
    except (TypeError, OverflowError) as error:
        raise type(error)("`{}`: {}".format(name, error)) from None


class Batch:
    """Candidates, by their numbers from 0 on, and room for what the plugin says of them."""

    ABSTAIN, ACCEPT, REJECT, ESCALATE = 0, 1, 2, 3

    verdict = Column("B", 1, 0)
    category = Column("B", 1, 0)
    reason = Column("H", 1, 0)
    score = Column("f", 1, float("nan"))
    probs = Column("f", PROBS, float("nan"))

    def __init__(self, raw, n, n_earlier, plugin, wants_notes):
        self.raw = raw
        self.wants_notes = wants_notes
        self._n, self._n_earlier, self._plugin = n, n_earlier, plugin
        self._answers = {name: getattr(Batch, name).new(n) for name in ("verdict", "category", "reason", "score", "probs")}
        self._facts = {fact["name"]: array.array("d", [float("nan")]) * n for fact in plugin.facts}
        self._notes = []
        self._texts = None

    def __len__(self):
        return self._n

    # What there is to see.

    @property
    def texts(self):
        """The turns to judge."""
        if self._texts is None:
            text, off = self.raw.text, self.raw.text_off
            self._texts = [str(text[off[m] : off[m + 1]], "utf-8") for m in self.raw.target]
        return self._texts

    def _message(self, m):
        raw = self.raw
        text = str(raw.text[raw.text_off[m] : raw.text_off[m + 1]], "utf-8")
        when = raw.time[m]
        return Message(ROLES.get(raw.role[m], ""), text, None if when == NO_TIME else when)

    def messages(self, i):
        """The conversation up to the turn, which is the last of these."""
        return [self._message(m) for m in range(self.raw.first[i], self.raw.target[i] + 1)]

    def answer(self, i):
        """The messages of the answer that the turn follows; empty where there is none."""
        return [self._message(m) for m in range(self.raw.answer[i], self.raw.answer_end[i])]

    def hits(self, i):
        """The rules that matched: their ids, and from where to where in the turn's text."""
        raw, rules = self.raw, self._plugin.rules
        m, found = raw.target[i], []
        begin, end = raw.text_off[m], raw.text_off[m + 1]
        is_ascii = len(self.texts[i]) == end - begin
        for h in range(raw.hit_off[i] * 3, raw.hit_off[i + 1] * 3, 3):
            rule, first, last = raw.hits[h : h + 3]
            if not is_ascii:
                first, last = (len(str(raw.text[begin : begin + offset], "utf-8")) for offset in (first, last))
            rule = rules[rule] if rule < len(rules) else {}
            found.append(Hit(rule.get("id", ""), first, last, rule.get("category"), rule.get("route")))
        return found

    def prior(self, i):
        """What the rules think, as log-odds of feedback."""
        return self.raw.prior[i]

    def language(self, i):
        """The conversation's language as an ISO 639 code; empty where it is not determined."""
        at = self.raw.conversation[i] * 4
        return str(self.raw.language[at : at + 4], "ascii").rstrip("\0")

    def columns(self, i):
        """The other columns of the conversation's record: a string as it is, anything else as JSON."""
        raw, c = self.raw, self.raw.conversation[i]
        table = {}
        for k in range(raw.column_off[c] * 4, raw.column_off[c + 1] * 4, 4):
            name, name_end, value, value_end = raw.columns[k : k + 4]
            text = raw.column_text
            table[str(text[name:name_end], "utf-8")] = str(text[value:value_end], "utf-8")
        return table

    def earlier(self, i):
        """What the plugins before this one said."""
        raw, row = self.raw, range(i * self._n_earlier, (i + 1) * self._n_earlier)
        return [
            Vote(
                raw.earlier_verdict[k],
                "UR{}".format(raw.earlier_category[k]) if raw.earlier_category[k] else None,
                raw.earlier_score[k] if raw.earlier_score[k] == raw.earlier_score[k] else None,
            )
            for k in row
        ]

    # What can be said.

    def accept(self, i, category, score=None, reason=None, probs=None):
        """It is feedback of a category, `"UR1"` to `"UR5"`."""
        number = CATEGORIES.get(category)
        if number is None:
            raise ValueError("`{}` is no category: these are UR1 to UR5".format(category))
        self._answer(i, self.ACCEPT, number, score, reason, probs)

    def reject(self, i, score=None, reason=None, probs=None):
        """It looks like feedback and is not."""
        self._answer(i, self.REJECT, 0, score, reason, probs)

    def escalate(self, i, score=None, reason=None, probs=None):
        """It may be feedback: ask the judge."""
        self._answer(i, self.ESCALATE, 0, score, reason, probs)

    def abstain(self, i, score=None, reason=None, probs=None):
        """Nothing to say but a score."""
        self._answer(i, self.ABSTAIN, 0, score, reason, probs)

    def note(self, i, text):
        """Says in free words why the candidate got its answer, where somebody reads it (`wants_notes`)."""
        if self.wants_notes:
            self._notes.append([range(self._n)[i], clean(text)])

    def fact(self, i, name, value):
        """A fact of one candidate, under a name of `FACTS`; None where it is unknown."""
        self._facts_of(name)[i] = self._plugin.fact_value(name, value)

    def fact_column(self, name, values):
        """A fact of all candidates; None where it is unknown."""
        self._facts_of(name)
        values = values.tolist() if hasattr(values, "tolist") else list(values)
        values = [self._plugin.fact_value(name, value) for value in values]
        self._facts[name] = column_of(name, "d", values, self._n)

    def _facts_of(self, name):
        if name not in self._facts:
            raise ValueError("`{}` is no fact of FACTS: these are {}".format(name, ", ".join(self._facts) or "none"))
        return self._facts[name]

    def _answer(self, i, verdict, category, score, reason, probs):
        answers = self._answers
        answers["verdict"][i] = verdict
        answers["category"][i] = category
        answers["reason"][i] = 0 if reason is None else self._plugin.reason_number(reason)
        if score is not None:
            answers["score"][i] = score
        if probs is not None:
            i = range(self._n)[i]
            answers["probs"][i * PROBS : (i + 1) * PROBS] = column_of("probs", "f", probs, 1, PROBS)


CATEGORIES = {"UR{}".format(number): number for number in range(1, 6)}
CATEGORIES.update({number: number for number in range(1, 6)})


class Plugin:
    """A plugin's file, read once, and its state."""

    def __init__(self, path, source, rules):
        self.path, self.rules = path, rules
        self.facts, self.words, self.reasons = [], {}, {}
        self.state = None
        # Some editors begin a file with this mark.
        self.values = self.run(source[1:] if source.startswith("\ufeff") else source)
        self.description = self.described()

    def run(self, source):
        """Runs the file as a module. What runs is the text that the engine has hashed, wherever the file is by now."""
        folder, file = os.path.split(self.path)
        name = os.path.splitext(file)[0]
        known = getattr(sys, "stdlib_module_names", ())
        if not name.isidentifier() or name in sys.modules or name in known:
            name = "rejoinder_plugin_file"
        sys.path.insert(0, folder)
        linecache.cache[self.path] = (len(source), None, source.splitlines(True), self.path)
        module = types.ModuleType(name)
        module.__file__ = self.path
        sys.modules[name] = module
        with self.told("the file"):
            exec(compile(source, self.path, "exec", dont_inherit=True), module.__dict__)
        return module.__dict__

    def told(self, doing):
        return Told(self, doing)

    # What the file says of itself.

    def described(self):
        get = self.values.get
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
        return {
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
        return Failure("{}: {}".format(os.path.basename(self.path), why))

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
            if not words or not all(map(is_name, words)) or len(set(words)) < len(words):
                raise self.wrong("the words of the fact `{}` are each of a-z, 0-9, - and _, and no two the same".format(name))
            kind = {"word": {"words": words}}
        return {"name": name, "about": clean(fact.get("about", "")), "kind": kind}

    # Its calls.

    def start(self, text):
        try:
            config = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Failure("its configuration is no JSON: {}".format(error)) from None
        if not isinstance(config, dict):
            raise Failure("its configuration is no table, but {!r}".format(config))
        self.state = None
        start = self.values.get("start")
        if start is None:
            self.state = config
            return
        with self.told("`start`"):
            self.state = start(config)

    def ask(self, function, batch):
        with self.told("`{}`".format(function)):
            given = self.values[function](batch, self.state)
            if given is not None:
                message = "it returned {}; answers are given by the batch, such as `batch.accept(i, \"UR5\")` or `batch.score = scores`"
                raise TypeError(message.format(type(given).__name__))

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


class Told:
    """Makes a failure in sentences of whatever a plugin's code raises: what was done, where, and the last lines of the traceback."""

    def __init__(self, plugin, doing):
        self.path, self.doing = plugin.path, doing

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and not isinstance(error, Failure):
            raise Failure(self.sentence(error, trace)) from None

    def sentence(self, error, trace):
        message = " ".join(clean(text_of(error)).split())
        if len(message) > LONGEST_MESSAGE:
            message = message[:LONGEST_MESSAGE] + " ..."
        what = type(error).__name__
        if isinstance(error, SystemExit):
            what, message = "it wanted to end its process", "sys.exit({!r})".format(error.code)
        file = os.path.basename(self.path)
        if isinstance(error, SyntaxError) and error.filename == self.path:
            code = (error.text or "").strip()
            lines = ["  {}".format(clean(code))] if code else []
            message = clean(error.msg)
            return "\n".join(["{} cannot be read, {} line {}: {}: {}".format(self.doing, file, error.lineno, what, message)] + lines)
        frames = [frame for frame in traceback.extract_tb(trace) if frame.filename != "<rejoinder>"]
        own = [frame for frame in frames if frame.filename == self.path]
        place = ", {} line {}".format(file, own[-1].lineno) if own else " ({})".format(file)
        lines = ["{} failed{}: {}: {}".format(self.doing, place, what, message).rstrip(": ")]
        if isinstance(error, ImportError):
            lines[0] += "; the interpreter is {}, and `python` in its [[plugin]] table names another".format(sys.executable)
        for frame in frames[-FRAMES:]:
            where = os.path.basename(frame.filename) if frame.filename == self.path else frame.filename
            lines.append("  {} line {}, in {}: {}".format(where, frame.lineno, frame.name, clean(frame.line or "")))
        return "\n".join(lines)


def text_of(error):
    try:
        return str(error)
    except Exception:
        return "(its message cannot be shown)"


class Served:
    """What the process has by now."""

    def __init__(self, line, guard):
        self.line, self.guard = line, guard
        self.plugin, self.config = None, "{}"
        self.process = os.getpid()

    def load(self, text):
        hello = json.loads(text)
        script = hello["plugin"]["Script"]
        self.plugin = Plugin(script["path"], script["source"], hello["rules"])
        return json.dumps(self.plugin.description)

    def start(self, text):
        if self.plugin is None:
            raise Failure("nothing is loaded")
        self.config = text
        self.plugin.start(text)
        return ""

    def answer(self, kind, text):
        try:
            with self.guard:
                done = self.load(text) if kind == HELLO else self.start(text)
        except Failure as failure:
            self.line.send_text(FAILED, str(failure))
        else:
            self.line.send_text(DONE, done)

    def ask(self, header):
        columns = {name: bytearray(struct.calcsize(kind) * many(header)) for name, kind, many in COLUMNS}
        self.line.fill(columns.values())
        raw = {name: memoryview(columns[name]).toreadonly().cast(kind) for name, kind, _ in COLUMNS}
        first, last, n_earlier = header.start, header.end, header.n_earlier
        for name in PER_CANDIDATE:
            raw[name] = raw[name][first:last]
        for name in PER_VOTE:
            raw[name] = raw[name][first * n_earlier : last * n_earlier]
        raw["hit_off"] = raw["hit_off"][first : last + 1]
        batch = Batch(types.SimpleNamespace(**raw), last - first, n_earlier, self.plugin, bool(header.flag))
        function = "classify" if header.kind == BATCH else "facts"
        try:
            with self.guard:
                self.plugin.ask(function, batch)
        except Failure as failure:
            self.end_if_forked()
            return self.restart(str(failure))
        self.end_if_forked()
        if function == "facts":
            names = [fact["name"] for fact in self.plugin.facts]
            values = array.array("d", [batch._facts[name][i] for i in range(len(batch)) for name in names])
            return self.line.send(FACT_VALUES, [values], n=len(batch))
        answers = batch._answers
        has_probs = answers["probs"].tobytes() != Batch.probs.new(len(batch)).tobytes()
        notes = json.dumps(batch._notes).encode() if batch._notes else b""
        parts = [answers[name] for name in ("verdict", "category", "reason", "score")]
        parts += [answers["probs"]] * has_probs + [notes]
        self.line.send(ANSWERS, parts, n=len(batch), flag=int(has_probs), text=len(notes))

    def end_if_forked(self):
        """One process answers, also where a plugin has forked and both came back from the call."""
        if os.getpid() != self.process:
            os._exit(0)

    def restart(self, failure):
        """After a failed call the state may be half-changed: another one takes its place."""
        try:
            with self.guard:
                self.plugin.start(self.config)
        except Failure as stuck:
            self.line.send_text(STUCK, str(stuck))
        else:
            self.line.send_text(FAILED, failure)


def memory():
    """Bytes of objects that were made since this was first asked."""
    import gc
    import tracemalloc

    gc.collect()
    if not tracemalloc.is_tracing():
        tracemalloc.start()
    return tracemalloc.get_traced_memory()[0]


def main():
    # A plugin that reads standard input finds nothing; its own processes do not hold the line.
    line = Line(os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace", line_buffering=True)
    served = Served(line, Guard(line.number))
    version = "{}.{}.{}".format(*sys.version_info[:3])
    if sys.version_info < OLDEST:
        message = "{} is Python {}, and plugins need {}.{} or later"
        line.send_text(FAILED, message.format(sys.executable, version, *OLDEST))
        return
    line.send_text(DONE, version)
    while True:
        try:
            header = line.header()
        except (EOFError, ConnectionError):
            return
        if header.kind in (BATCH, FACTS):
            served.ask(header)
        elif header.kind == MODEL:
            line.send_text(DONE, "")
        elif header.kind == MEMORY:
            line.send_text(DONE, str(memory()))
        else:
            served.answer(header.kind, line.text(header.text))


main()
