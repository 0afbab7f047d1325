"""What a pickle would import, read off its opcodes by a machine that keeps a stack and runs nothing."""

from __future__ import annotations

import dis
import pickletools
from typing import Any

#: Functions by which a pickle imports a module that it names as text.
_IMPORTERS = {("cloudpickle.cloudpickle", "subimport"), ("importlib", "import_module"), ("builtins", "__import__")}
#: Functions by which a pickle reads another one that it holds, and how many such are looked into, one in the other.
_READERS = {(module, "loads") for module in ("_pickle", "cloudpickle", "cloudpickle.cloudpickle", "dill", "pickle")}
_DEPTH = 20
#: How bytes are written in pickles that Python 2 can read.
_ENCODE = ("_codecs", "encode")
#: What makes compiled code, and how cloudpickle names it.
_CODE, _BUILTIN = ("types", "CodeType"), "_builtin_type"
#: Where the arguments of ``types.CodeType`` have the bytecode, and the names that it uses.
_BYTECODE, _NAMES = 6, 8
_MARK = object()
#: Stands for what cannot be told: the rest of a pickle that is broken, a name that is computed.
UNREADABLE = ("?", "?")
_TAKES_NAME = {dis.opmap["IMPORT_NAME"], dis.opmap["IMPORT_FROM"]}


def globals_of(data: bytes) -> set[tuple[str, str]]:
    """Every ``(module, name)`` that reading the pickle would import; the name is empty for a module alone."""
    return _read(data, 0)


def _read(data: bytes, depth: int) -> set[tuple[str, str]]:
    reader = _Reader(depth)
    try:
        for opcode, argument, _ in pickletools.genops(data):
            reader.step(opcode, argument)
    except (ValueError, IndexError, KeyError):
        if not reader.found:
            raise
        # An unpickler has done what stands before the fault by the time it finds it.
        reader.found.add(UNREADABLE)
    return reader.found


class _Reader:
    """The stack and memo of an unpickler, on which only texts, tuples, bytes and globals are known."""

    def __init__(self, depth: int = 0) -> None:
        self._depth = depth
        self.found: set[tuple[str, str]] = set()
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._read: set[int] = set()
        self._kept: list[Any] = []

    def step(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        """Do as the unpickler does."""
        match opcode.name:
            case "GLOBAL" | "INST":
                module, _, name = argument.partition(" ")
                if opcode.name == "INST":
                    self._popped(opcode)
                self._stack.append(self._global(module, name))
            case "STACK_GLOBAL":
                module, name = self._popped(opcode)
                known = isinstance(module, str) and isinstance(name, str)
                self._stack.append(self._global(module, name) if known else self._global(*UNREADABLE))
            case "MARK":
                self._stack.append(_MARK)
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._top()
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self._memo[int(argument)] = self._top()
            case "GET" | "BINGET" | "LONG_BINGET":
                self._stack.append(self._memo.get(int(argument)))
            case "DUP":
                self._stack.append(self._top())
            case "EMPTY_TUPLE" | "TUPLE" | "TUPLE1" | "TUPLE2" | "TUPLE3":
                self._stack.append(tuple(self._popped(opcode)))
            case "REDUCE":
                self._stack.append(self._called(*self._popped(opcode)))
            case _:
                self._popped(opcode)
                text = argument if isinstance(argument, str | bytes) else None
                self._stack += [text] * len(opcode.stack_after)

    def _top(self) -> Any:
        return self._stack[-1] if self._stack else None

    def _popped(self, opcode: pickletools.OpcodeInfo) -> list[Any]:
        """What an opcode takes off the stack; a pickle that has less there cannot be read, and says nothing."""
        before = opcode.stack_before
        fixed, marked = len(before), pickletools.markobject in before
        found: list[Any] = []
        if marked:
            while self._stack and (value := self._stack.pop()) is not _MARK:
                found.append(value)
            fixed = before.index(pickletools.markobject)
        found += [self._stack.pop() if self._stack else None for _ in range(fixed)]
        return found[::-1]

    def _global(self, module: str, name: str) -> tuple[str, str]:
        self.found.add((module, name))
        return module, name

    def _called(self, function: Any, arguments: Any) -> Any:
        if not isinstance(function, tuple) or not isinstance(arguments, tuple) or not arguments:
            return None
        if function in _IMPORTERS and isinstance(arguments[0], str):
            self.found.add((arguments[0], ""))
        elif function in _READERS and isinstance(arguments[0], bytes):
            self._inner(arguments[0])
        elif function == _ENCODE and isinstance(arguments[0], str):
            return arguments[0].encode("latin-1", "replace")
        elif function[-1] == _BUILTIN and arguments[0] == _CODE[1]:
            return _CODE
        elif function == _CODE and len(arguments) > _NAMES:
            self._code(arguments[_BYTECODE], arguments[_NAMES])
        return None

    def _inner(self, data: bytes) -> None:
        """What a pickle in the pickle would import."""
        try:
            self.found |= _read(data, self._depth + 1) if self._depth < _DEPTH else {UNREADABLE}
        except (ValueError, IndexError, KeyError):
            self.found.add(UNREADABLE)

    def _code(self, code: Any, names: Any) -> None:
        """What compiled code imports when it is called."""
        if not isinstance(code, bytes) or not isinstance(names, tuple) or id(code) in self._read:
            return
        self._read.add(id(code))
        self._kept.append(code)
        module, extended = "", 0
        for at in range(0, len(code) - 1, 2):
            argument = code[at + 1] | extended
            extended = argument << 8 if code[at] == dis.EXTENDED_ARG else 0
            if code[at] in _TAKES_NAME and argument < len(names) and isinstance(names[argument], str):
                taken = names[argument]
                module = taken if code[at] == dis.opmap["IMPORT_NAME"] else module
                self.found.add((taken, "") if module == taken else (f"{module}.{taken}", ""))
