"""Watching a user's call: something looks before and after it, and can change nothing about it.

The user's call is sacred: it is made once, with the arguments that were given, and what it returns or raises is what
the user gets, whatever becomes of the watcher.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any, Protocol


@dataclass
class Call:
    """One call of a function or method that is watched."""

    name: str
    original: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    #: Whose names say what the arguments are called.
    frame: FrameType | None

    @functools.cached_property
    def arguments(self) -> dict[str, Any]:
        """The arguments that were given, by name; ``TypeError`` when the function does not take them."""
        return dict(_signature(self.original).bind(*self.args, **self.kwargs).arguments)


class Watcher(Protocol):
    """What looks at one call. What it raises is told as a warning."""

    def returned(self, result: Any) -> None:
        """The call returned ``result``."""

    def raised(self, error: BaseException) -> None:
        """The call raised ``error``."""


class Listens(Protocol):
    """Whoever begins to watch calls."""

    def listens(self) -> bool:
        """Whether calls are to be watched at this moment."""

    def fails(self, name: str, error: Exception) -> None:
        """Tell that a call of ``name`` could not be recorded."""


#: Makes the watcher of a call, or None for one that is not to be watched.
Begin = Callable[[Call], Watcher | None]


class Patch:
    """Something in the place of an attribute of a class or module, until it is restored."""

    def __init__(self, owner: type | ModuleType, name: str, make: Callable[[Any], Any]) -> None:
        self._owner, self._name = owner, name
        self._before = vars(owner)[name]
        self._ours = make(self._before)
        setattr(owner, name, self._ours)

    def restore(self) -> None:
        """Put back the very thing that was there, unless somebody else has replaced ours by now."""
        if vars(self._owner).get(self._name) is self._ours:
            setattr(self._owner, self._name, self._before)


class _Here(threading.local):
    quiet = 0


_here = _Here()
#: Whether this process was forked off one that watches.
_forked = False


@contextmanager
def quiet() -> Iterator[None]:
    """Watch nothing that this thread calls in the block."""
    _here.quiet += 1
    try:
        yield
    finally:
        _here.quiet -= 1


def is_quiet() -> bool:
    """Whether this thread is inside of a call that is watched, or this process is another's worker."""
    # Workers of a pool do part of a call that another process made.
    return bool(_here.quiet) or (_forked and multiprocessing.current_process().daemon)


def watched(original: Callable[..., Any], begin: Begin, by: Listens) -> Callable[..., Any]:
    """``original``, watched."""

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if is_quiet() or not by.listens():
            return original(*args, **kwargs)
        return make(Call(original.__name__, original, args, kwargs, sys._getframe(1)), begin, by)

    return call


def make(call: Call, begin: Begin, by: Listens) -> Any:
    """Make ``call``, and show it to its watcher."""
    with quiet():
        watcher = _safely(begin, call, call.name, by)
        try:
            result = call.original(*call.args, **call.kwargs)
        except BaseException as error:
            if watcher is not None:
                _safely(watcher.raised, error, call.name, by)
            raise
        if watcher is not None:
            _safely(watcher.returned, result, call.name, by)
        return result


def method(begin: Begin, by: Listens) -> Callable[[Any], Any]:
    """What makes a method watched, a plain one or one that is there only for some objects."""

    def make_method(before: Any) -> Any:
        if is_conditional(before):
            return type(before)(watched(before.fn, begin, by), before.check, before.attribute_name)
        return watched(before, begin, by)

    return make_method


def is_conditional(value: Any) -> bool:
    """Whether this is a method that is there only for some objects: scikit-learn's ``available_if``."""
    return all(hasattr(value, name) for name in ("fn", "check", "attribute_name"))


class WatchedFunction:
    """A function of a module, watched. Pickles and copies of it are the function itself."""

    def __init__(self, original: Callable[..., Any], begin: Begin, by: Listens) -> None:
        functools.update_wrapper(self, original)
        self._original, self._begin, self._by = original, begin, by

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if is_quiet() or not self._by.listens():
            return self._original(*args, **kwargs)
        call = Call(self._original.__name__, self._original, args, kwargs, sys._getframe(1))
        return make(call, self._begin, self._by)

    def __reduce__(self) -> Any:
        return getattr, (_Module(self._original.__module__), self._original.__name__)

    def __deepcopy__(self, memo: Any) -> WatchedFunction:
        return self

    def __repr__(self) -> str:
        return repr(self._original)


class _Module:
    """Stands in a pickle for a module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __reduce__(self) -> Any:
        return importlib.import_module, (self._name,)


def name_of(value: Any, frame: FrameType | None) -> str | None:
    """What a variable that holds ``value`` is called where it was used, or further out."""
    while frame is not None:
        for name, each in frame.f_locals.items():
            if each is value:
                return name
        frame = frame.f_back
    return None


@functools.lru_cache(maxsize=256)
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def _safely(do: Callable[[Any], Any], what: Any, name: str, by: Listens) -> Any:
    try:
        return do(what)
    except Exception as error:  # Whatever it is, it must not become an error of the user's call.
        by.fails(name, error)
        return None


def _note_fork() -> None:
    global _forked
    _forked = True


os.register_at_fork(after_in_child=_note_fork)
