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
"""

from rejoinder._rejoinder import *
