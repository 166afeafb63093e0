# SPDX-License-Identifier: GPL-2.0-or-later
"""How many calls of a method are under way at once, for tests of what serves one thread at a time."""

from time import sleep


def slowed(monkeypatch, owner, name):
    """Have a method take a moment more; return the list that tells, call by call, how many were under way when it began."""
    method, under_way, most = getattr(owner, name), [], []

    def slow(*given, **named):
        under_way.append(name)
        most.append(len(under_way))
        sleep(0.01)
        under_way.pop()
        return method(*given, **named)

    monkeypatch.setattr(owner, name, slow)
    return most
