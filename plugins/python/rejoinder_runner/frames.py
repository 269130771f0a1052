"""Frames between the engine and this process: a header, then a text or the columns of a batch, as `child/frame.rs` of the engine
says it.

Nothing of this package is written in a later Python than 3.6, so that an interpreter that is too old can say so.
"""

import collections
import os
import struct
import sys

# Kinds of frames.
HELLO, START, BATCH, DONE, FAILED, STUCK, ANSWERS, MODEL, FACTS, FACT_VALUES, END, MEMORY = range(1, 13)

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
# A call on a part of a batch sees a part of these columns.
PER_CANDIDATE = "conversation first target answer answer_end id prior".split()
PER_VOTE = "earlier_verdict earlier_category earlier_score".split()


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


def clean(text):
    """A text without halves of characters, which UTF-8 cannot hold."""
    return str(text).encode("utf-8", "backslashreplace").decode()
