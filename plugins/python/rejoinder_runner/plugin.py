"""A plugin's file, run once as a module, and its state."""

import json
import linecache
import os
import sys
import types

from rejoinder_runner.declaration import Declaration
from rejoinder_runner.failure import Failure, Told


class Plugin:
    """A plugin's file, read once, and its state."""

    def __init__(self, path, source, rules):
        self.path, self.rules = path, rules
        self.state = None
        # Some editors begin a file with this mark.
        self.values = self.run(source[1:] if source.startswith("\ufeff") else source)
        with Told(path, "the file"):
            self.declaration = Declaration(path, self.values)

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
        with Told(self.path, "the file"):
            exec(compile(source, self.path, "exec", dont_inherit=True), module.__dict__)
        return module.__dict__

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
        with Told(self.path, "`start`"):
            self.state = start(config)

    def ask(self, function, batch):
        with Told(self.path, "`{}`".format(function)):
            given = self.values[function](batch, self.state)
            if given is not None:
                message = "it returned {}; answers are given by the batch, such as `batch.accept(i, \"UR5\")` or `batch.score = scores`"
                raise TypeError(message.format(type(given).__name__))
