# SPDX-License-Identifier: GPL-2.0-or-later
"""How a worker ends when it is told to, or when who started it is gone, whatever it does at that moment. Standard library only.

Compiled code may keep Python's lock for minutes, and then no thread of Python can act. So a second process watches, which needs no lock:
the worker's C code writes each signal into a pipe that the watcher reads. The watcher asks the worker to end well, which takes a
moment, and kills it if it does not. On Windows, where a cancelled worker is killed at once, a thread waits for the end of the parent.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# A worker that is told to end has so long to end well; QGIS and its users wait 5 s.
GRACE_S = 3.0
_POLL_S = 0.25


def end_when_told(end: Callable[[], None], clear: Callable[[int], None] = lambda pid: None) -> None:
    """Have `end` called, which never returns, on SIGTERM or when the parent is gone; after `GRACE_S` this process is killed.

    To be called by the main thread, before there are others. Once this process has ended, however that came, `clear` is called in the other
    one with its number.
    """
    if not hasattr(os, "fork"):
        _end_with_parent(end)
        return
    parent, worker = os.getppid(), os.getpid()  # the other one may begin when this one is gone already
    heard, signals = os.pipe()
    asked, asks = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no room for a process: the thread below does what it can
        child = -1
    if child == 0:
        try:
            _watch(worker, parent, heard, asks)
            while os.getppid() == worker:
                time.sleep(_POLL_S / 10)
            clear(worker)
        finally:
            os._exit(0)
    os.close(heard)
    if child > 0:
        os.close(asks)  # a watcher that is gone is noticed by its end of the pipe
    os.set_blocking(signals, False)
    signal.set_wakeup_fd(signals, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: end())  # where there is no watcher; it waits for the main thread

    def wait() -> None:
        watched = [asked]
        while os.getppid() == parent:
            ready = select.select(watched, [], [], 1.0)[0]
            if ready and os.read(asked, 1):
                break
            if ready:
                watched = []
        end()

    threading.Thread(target=wait, name="stop", daemon=True).start()


def _watch(worker: int, parent: int, signals: int, asks: int) -> None:
    """Wait for SIGTERM or the end of the worker's parent, ask the worker to end, and kill it if it does not."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with the worker
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    for stream in range(3, 64):  # the worker's other ends of the pipes, above all
        if stream not in (signals, asks):
            with suppress(OSError):
                os.close(stream)
    until = None
    while os.getppid() == worker:
        told = not _is_child(worker, parent)
        if select.select([signals], [], [], _POLL_S)[0]:
            numbers = os.read(signals, 512)
            if not numbers:
                return
            told |= signal.SIGTERM in numbers
        if until is None and told:
            os.write(asks, b"!")
            until = time.monotonic() + GRACE_S
        if until is not None and time.monotonic() > until:
            os.kill(worker, signal.SIGKILL)
            return


def _is_child(worker: int, parent: int) -> bool:
    """Tell whether a worker's parent still is the one that it had."""
    with suppress(OSError, ValueError, IndexError):  # another system than Linux
        return int(Path(f"/proc/{worker}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]) == parent
    try:
        os.kill(parent, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True


def _end_with_parent(end: Callable[[], None]) -> None:
    """Have `end` called when the parent is gone, on Windows."""
    if sys.platform != "win32":
        return
    import ctypes

    synchronize, for_ever = 0x00100000, 0xFFFFFFFF
    kernel = ctypes.windll.kernel32
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(synchronize, False, os.getppid())
    if not handle:
        return

    def wait() -> None:
        kernel.WaitForSingleObject(ctypes.c_void_p(handle), for_ever)
        end()

    threading.Thread(target=wait, name="stop", daemon=True).start()
