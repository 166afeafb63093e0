# SPDX-License-Identifier: GPL-2.0-or-later
"""Spies in place of what a task calls: they note by which name each argument came, and give back `Anything`."""

import functools
import inspect
from collections.abc import Mapping


class Anything:
    """Stands for whatever a function gives back: false, empty where it is gone through, of one thing where it is counted."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *_, **__):
        return Anything()

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 1

    def __bool__(self):
        return False

    def __index__(self):
        return 1

    def __float__(self):
        return 1.0

    def __format__(self, _):
        return "anything"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    __str__ = __repr__ = lambda self: "anything"
    __hash__ = object.__hash__
    __getitem__ = __eq__ = __round__ = __call__
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __or__ = __invert__ = __call__
    __lt__ = __le__ = __gt__ = __ge__ = __call__


class Something(Anything):
    """`Anything` that is true."""

    def __bool__(self):
        return True


class Noted(Anything):
    """`Anything` whose methods note what they are called with, by the names that those of a class have."""

    def __init__(self, calls, of):
        self._calls, self._of = calls, of

    def __getattr__(self, name):
        method = inspect.getattr_static(self._of, name, None)
        if not inspect.isfunction(method):
            return Anything()
        return noting(self._calls, f"{self._of.__name__}.{name}", functools.partial(method, self), lambda *_, **__: Anything())


def noting(calls, name, real, instead=None):
    """Return a function that notes its arguments, by their names, under a name in `calls`, and does `instead`, else what is real."""
    signature = inspect.signature(real)

    def spy(*arguments, **named):
        bound = signature.bind(*arguments, **named).arguments
        calls.setdefault(name, []).append(bound)
        return (instead or real)(*arguments, **named)

    return spy


def put(monkeypatch, module, calls, name, instead=None):
    """Put a spy in place of a function of a module, or of a class or module in it: `Stack.open`; `instead` as for `noting`."""
    *parents, last = name.split(".")
    owner = functools.reduce(getattr, parents, module)
    real = getattr(owner, last)
    spy = noting(calls, name, real, instead)
    monkeypatch.setattr(owner, last, staticmethod(spy) if inspect.isclass(owner) and inspect.ismethod(real) else spy)


def at(arguments, path):
    """Return what a path leads to from the arguments of a call: `types.field`, `moving.0`; None where it leads to nothing."""
    value = arguments
    for part in path.split("."):
        try:
            value = value[int(part)] if part.isdigit() else value[part] if isinstance(value, Mapping) else getattr(value, part)
        except (KeyError, IndexError, AttributeError):
            return None
    return value


def arrived(calls, where, expected, beside):
    """Return whether a call of `function argument` had what is expected there, and `beside` it what else is named."""
    function, _, path = where.partition(" ")
    return any(
        _told(at(call, path)) == _told(expected) and all(_told(at(call, key)) == value for key, value in beside.items())
        for call in calls.get(function, [])
    )


def _told(value):
    return str(value) if hasattr(value, "__fspath__") else list(value) if isinstance(value, tuple) else value
