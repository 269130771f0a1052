"""A batch as `classify` and `facts` see it."""

import array
import collections
import collections.abc
import operator

from rejoinder_runner.frames import clean

NO_TIME = -(1 << 63)
PROBS = 6
ROLES = {1: "system", 2: "user", 3: "assistant", 4: "tool"}
CATEGORIES = {"UR{}".format(number): number for number in range(1, 6)}
CATEGORIES.update({number: number for number in range(1, 6)})

Message = collections.namedtuple("Message", "role text time")
Hit = collections.namedtuple("Hit", "rule start end category route")
Vote = collections.namedtuple("Vote", "verdict category score")


class Messages(collections.abc.Sequence):
    """Messages of a conversation; each is read when it is looked at."""

    def __init__(self, batch, numbers):
        self._batch, self._numbers = batch, numbers

    def __len__(self):
        return len(self._numbers)

    def __getitem__(self, index):
        found = self._numbers[index]
        return Messages(self._batch, found) if isinstance(index, slice) else self._batch._message(found)

    def __repr__(self):
        return repr(list(self))


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
        self._n, self._n_earlier = n, n_earlier
        self._rules, self._declaration = plugin.rules, plugin.declaration
        self._answers = {name: getattr(Batch, name).new(n) for name in ("verdict", "category", "reason", "score", "probs")}
        self._facts = {fact["name"]: array.array("d", [float("nan")]) * n for fact in plugin.declaration.facts}
        self._notes = []
        self._texts = None

    def __len__(self):
        return self._n

    def _number(self, i):
        """The number of a candidate. What Python makes of a negative one is another candidate, which depends on the batch."""
        number = operator.index(i)
        if not 0 <= number < self._n:
            message = "{}: the candidates of this batch are numbered from 0 to {}"
            raise IndexError(message.format(number, self._n - 1))
        return number

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
        i = self._number(i)
        return Messages(self, range(self.raw.first[i], self.raw.target[i] + 1))

    def answer(self, i):
        """The messages of the answer that the turn follows; empty where there is none."""
        i = self._number(i)
        return Messages(self, range(self.raw.answer[i], self.raw.answer_end[i]))

    def hits(self, i):
        """The rules that matched: their ids, and from where to where in the turn's text."""
        raw, rules, i = self.raw, self._rules, self._number(i)
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
        return self.raw.prior[self._number(i)]

    def language(self, i):
        """The conversation's language as an ISO 639 code; empty where it is not determined."""
        at = self.raw.conversation[self._number(i)] * 4
        return str(self.raw.language[at : at + 4], "ascii").rstrip("\0")

    def columns(self, i):
        """The other columns of the conversation's record: a string as it is, anything else as JSON."""
        raw, c = self.raw, self.raw.conversation[self._number(i)]
        table = {}
        for k in range(raw.column_off[c] * 4, raw.column_off[c + 1] * 4, 4):
            name, name_end, value, value_end = raw.columns[k : k + 4]
            text = raw.column_text
            table[str(text[name:name_end], "utf-8")] = str(text[value:value_end], "utf-8")
        return table

    def earlier(self, i):
        """What the plugins before this one said."""
        i = self._number(i)
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
            self._notes.append([self._number(i), clean(text)])

    def fact(self, i, name, value):
        """A fact of one candidate, under a name of `FACTS`; None where it is unknown."""
        self._facts_of(name)[self._number(i)] = self._declaration.fact_value(name, value)

    def fact_column(self, name, values):
        """A fact of all candidates; None where it is unknown."""
        self._facts_of(name)
        values = values.tolist() if hasattr(values, "tolist") else list(values)
        values = [self._declaration.fact_value(name, value) for value in values]
        self._facts[name] = column_of(name, "d", values, self._n)

    def _facts_of(self, name):
        if name not in self._facts:
            raise ValueError("`{}` is no fact of FACTS: these are {}".format(name, ", ".join(self._facts) or "none"))
        return self._facts[name]

    def _answer(self, i, verdict, category, score, reason, probs):
        answers, i = self._answers, self._number(i)
        answers["verdict"][i] = verdict
        answers["category"][i] = category
        answers["reason"][i] = 0 if reason is None else self._declaration.reason_number(reason)
        if score is not None:
            answers["score"][i] = score
        if probs is not None:
            answers["probs"][i * PROBS : (i + 1) * PROBS] = column_of("probs", "f", probs, 1, PROBS)
