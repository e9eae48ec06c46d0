# SPDX-License-Identifier: Apache-2.0
"""A program that runs beside a measurement, and is ended with it."""
import contextlib
import os
import pty
import subprocess
import threading
import time

from .benchmark import Failed
from .run import end_group, last_line


@contextlib.contextmanager
def started(*command, log, stdin=subprocess.DEVNULL):
    """The process; its output goes to the file `log`."""
    with open(log, "w", encoding="utf-8") as output, \
            subprocess.Popen([str(word) for word in command], stdin=stdin, stdout=output, stderr=subprocess.STDOUT,
                             start_new_session=True, text=True) as child:
        child.log = log
        try:
            yield child
        finally:
            end_group(child)


def drain(terminal, log):
    """What is written to a terminal, to the file; ends when nobody has it open any more."""
    with open(log, "wb") as output, contextlib.suppress(OSError):
        while data := os.read(terminal, 65536):
            output.write(data)
            output.flush()


@contextlib.contextmanager
def on_terminal(*command, log):
    """As started(), for a program that wants a terminal."""
    terminal, theirs = pty.openpty()
    reader = threading.Thread(target=drain, args=(terminal, log), daemon=True)
    with open(log, "wb"):
        pass
    reader.start()
    try:
        with subprocess.Popen([str(word) for word in command], stdin=theirs, stdout=theirs, stderr=theirs,
                              start_new_session=True) as child:
            child.log = log
            try:
                yield child
            finally:
                end_group(child)
    finally:
        os.close(theirs)
        reader.join(timeout=5)
        os.close(terminal)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def wait_for(what, child, true, seconds=20):
    """Until `true()`; Failed when that takes too long or the process has ended."""
    end = time.monotonic() + seconds
    while not true():
        if child.poll() is not None:
            raise Failed(f"{os.path.basename(child.args[0])} ended: {last_line(read(child.log))}")
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s: {last_line(read(child.log))}")
        time.sleep(0.05)


def cpu_seconds(pid):
    """Processor time of the busiest thread."""
    hz, most = os.sysconf("SC_CLK_TCK"), 0
    for task in os.listdir(f"/proc/{pid}/task"):
        words = read(f"/proc/{pid}/task/{task}/stat").rsplit(")", 1)[1].split()
        most = max(most, int(words[11]) + int(words[12]))
    return most / hz
