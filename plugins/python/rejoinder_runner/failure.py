"""Why a call gave no result, in sentences: what was done, where, and the last lines of the traceback."""

import os
import sys
import traceback

from rejoinder_runner.frames import clean

LONGEST_MESSAGE = 600
FRAMES = 3


class Failure(Exception):
    """A call that gave no result; the text is for the user."""


class Told:
    """Makes a failure in sentences of whatever a plugin's code raises: what was done, where, and the last lines of the traceback."""

    def __init__(self, path, doing):
        self.path, self.doing = path, doing

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
        frames = [frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith("<rejoinder")]
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
