"""The end of this process with the engine's."""

import fcntl
import os
import select
import signal
import socket
import sys
import threading
import time

LAST_WORDS = 1.0


def everybody():
    """Whom a signal is for: the group of this process, with what the plugin has started, where the group is its own."""
    return -os.getpid() if os.getpgrp() == os.getpid() else os.getpid()


def end():
    os.kill(everybody(), signal.SIGKILL)


def lifeline(number):
    """The pipe that the engine hands over by the socket, along with one byte."""
    line = socket.socket(fileno=number)
    try:
        _, told, _, _ = line.recvmsg(1, socket.CMSG_SPACE(4))
    finally:
        line.detach()
    for level, kind, handed in told:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            life = int.from_bytes(handed[:4], sys.byteorder)
            os.set_inheritable(life, False)
            return life
    return None


class Guard:
    """Ends the process when the engine is gone, whatever the plugin is doing then."""

    def __init__(self, line, life):
        """`line` is the socket to the engine; `life` a pipe into which only the engine could write, and never does, as `lifeline` has it."""
        threading.Thread(target=self.watch, args=(line,), name="end with the engine", daemon=True).start()
        # The only event of the pipe is its end. Where the system can make of that a signal that nobody can hold up, code that keeps all
        # threads of the interpreter waiting does not outlive the engine either. The line itself must not have such a signal: each frame
        # is an event, and its signal may come when the frame is read already and the plugin at work on it.
        if life is None or not hasattr(fcntl, "F_SETSIG"):
            return
        try:
            fcntl.fcntl(life, fcntl.F_SETOWN, everybody())
            fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
        except OSError:
            return
        # What has ended before gives no signal.
        ended = select.poll()
        ended.register(life, 0)
        if ended.poll(0):
            end()

    @staticmethod
    def watch(number):
        line = select.poll()
        line.register(number, 0)
        while not line.poll():
            pass
        time.sleep(LAST_WORDS)
        end()
