"""The end of this process with the engine's."""

import fcntl
import os
import select
import signal
import threading
import time

LAST_WORDS = 1.0


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
