"""Exceptions of rejoinder, raised in Python with the exit codes that those of the engine have."""

from __future__ import annotations

from typing import TypeVar

import rejoinder

_Raised = TypeVar("_Raised", bound=rejoinder.Error)


def usage(words: str) -> rejoinder.UsageError:
    """A call that cannot be meant so."""
    return _with_code(rejoinder.UsageError(words), 2)


def unreadable(words: str) -> rejoinder.InputError:
    """What cannot be read."""
    return _with_code(rejoinder.InputError(words), 8)


def bug(words: str) -> rejoinder.InternalError:
    """A bug of rejoinder."""
    return _with_code(rejoinder.InternalError(f"a bug of rejoinder, please report it: {words}"), 1)


def on(where: str, error: rejoinder.Error) -> rejoinder.Error:
    """The same exception with the place where it was raised."""
    return _with_code(type(error)(f"{where}: {error}"), error.code)


def of_code(code: int, words: str) -> rejoinder.Error:
    """The exception with an exit code."""
    kinds = {1: rejoinder.InternalError, 2: rejoinder.UsageError, 7: rejoinder.ConfigError, 8: rejoinder.InputError}
    return _with_code(kinds.get(code, rejoinder.Error)(words), code)


def _with_code(error: _Raised, code: int) -> _Raised:
    error.code = code
    return error
