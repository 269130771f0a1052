"""Extract the feedback that users give in passing from chat logs.

>>> import pyarrow as pa
>>> import rejoinder
>>> chats = pa.table({"conversation_id": ["a"], "conversation": [[
...     {"role": "user", "content": "Write a loop that prints 1 to 10."},
...     {"role": "assistant", "content": "for (int i = 1; i <= 10; i++) printf(\\"%d\\", i);"},
...     {"role": "user", "content": "No, I wanted Python."},
... ]]})
>>> rows = pa.table(rejoinder.Engine().scan(chats))
>>> rows.select(["conversation_id", "category", "span", "decision"]).to_pylist()
[{'conversation_id': 'a', 'category': 'UR2', 'span': 'No, I wanted Python.', 'decision': 'accepted'}]

Tables go in and come out through Arrow's interface between libraries: pyarrow, polars, DuckDB and pandas (with pyarrow) all work, and
none of them is needed for the import. Errors are those of the command, with its words and, in `code`, its exit codes.
"""

import sys as _sys

from rejoinder._rejoinder import (
    BatchScan,
    BudgetError,
    ConfigError,
    Engine,
    Error,
    Gatherer,
    InputError,
    InternalError,
    JudgeError,
    Keeper,
    Table,
    UsageError,
    __version__,
    main,
)
from rejoinder._rejoinder import host_plugins_by as _host_plugins_by

__all__ = [
    "BatchScan",
    "BudgetError",
    "ConfigError",
    "Engine",
    "Error",
    "Gatherer",
    "InputError",
    "InternalError",
    "JudgeError",
    "Keeper",
    "Table",
    "UsageError",
    "__version__",
    "main",
]

# A plugin with a process of its own runs in this Python, started once more. A program with Python inside may have none to start.
if _sys.executable:
    _host_plugins_by(_sys.executable, ["-m", "rejoinder", "plugin-host"])
