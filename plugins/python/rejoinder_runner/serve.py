"""Serves the engine until it goes: what comes over the line is done with one plugin, one thing after another."""

import array
import gc
import json
import os
import struct
import sys
import tracemalloc
import types

from rejoinder_runner.batch import Batch
from rejoinder_runner.failure import Failure
from rejoinder_runner.frames import (
    ANSWERS, BATCH, COLUMNS, DONE, END, FACT_VALUES, FACTS, FAILED, HELLO, MEMORY, MODEL, PER_CANDIDATE, PER_VOTE, STUCK, Line,
)
from rejoinder_runner.guard import Guard, lifeline
from rejoinder_runner.plugin import Plugin

OLDEST = (3, 9)


class Served:
    """What the process has by now."""

    def __init__(self, line):
        self.line = line
        self.plugin, self.config = None, "{}"
        self.process = os.getpid()

    def load(self, text):
        hello = json.loads(text)
        script = hello["plugin"]["Script"]
        self.plugin = Plugin(script["path"], script["source"], hello["rules"])
        return json.dumps(self.plugin.declaration.description)

    def start(self, text):
        if self.plugin is None:
            raise Failure("nothing is loaded")
        self.config = text
        self.plugin.start(text)
        return ""

    def answer(self, kind, text):
        try:
            kind, said = DONE, self.load(text) if kind == HELLO else self.start(text)
        except Failure as failure:
            kind, said = FAILED, str(failure)
        self.end_if_forked()
        self.line.send_text(kind, said)

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
            self.plugin.ask(function, batch)
        except Failure as failure:
            self.end_if_forked()
            return self.restart(str(failure))
        self.end_if_forked()
        if function == "facts":
            names = [fact["name"] for fact in self.plugin.declaration.facts]
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
        kind, said = FAILED, failure
        try:
            self.plugin.start(self.config)
        except Failure as stuck:
            kind, said = STUCK, str(stuck)
        self.end_if_forked()
        self.line.send_text(kind, said)


def memory():
    """Bytes of objects that were made since this was first asked."""
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
    Guard(line.number, lifeline(line.number))
    served = Served(line)
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
        if header.kind == END:
            return
        if header.kind in (BATCH, FACTS):
            served.ask(header)
        elif header.kind == MODEL:
            line.send_text(DONE, "")
        elif header.kind == MEMORY:
            line.send_text(DONE, str(memory()))
        else:
            served.answer(header.kind, line.text(header.text))
