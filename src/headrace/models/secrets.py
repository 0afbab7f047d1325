"""Secrets in a model's code, which everybody who may read the model could read: each rule has a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

#: In a comment on the line: this is known, and no secret.
ALLOWED = "allow-secret"
#: What keys of well-known services look like.
_SHAPES = {
    "anthropic-key": r"\bsk-ant-[A-Za-z0-9_-]{20,}",
    "aws-access-key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "databricks-token": r"\bdapi[0-9a-f]{32}\b",
    "github-token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "gitlab-token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "google-api-key": r"\bAIza[0-9A-Za-z_-]{35}",
    "huggingface-token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "jwt": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "openai-key": r"\bsk-(?!ant-)(?=[A-Za-z_-]*[0-9])(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}",
    "password-in-url": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"{}<>$]{1,64}:(?P<value>[^\s:/@'\"{}<>$]{3,64})@",
    "private-key": r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----",
    "slack-token": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "stripe-key": r"\b[sr]k_live_[0-9a-zA-Z]{16,}",
}
_RULES = {rule: re.compile(shape) for rule, shape in _SHAPES.items()}
_PASSWORD = re.compile(r"(?:^|_)(?:password|passwd|passphrase)$", re.IGNORECASE)
_KEY = re.compile(r"(?:^|_)(?:api_?key|secret|secret_?key|access_?key|auth_?token|access_?token|token)$", re.IGNORECASE)
#: What stands where the reader is to put a secret.
_PLACEHOLDER = re.compile(
    r"x{3,}|\*{2,}|\.{3}|[<>{}\[\]$]|your|example|changeme|change_me|dummy|placeholder|redacted|secret$|passw|^test|^none|^empty|^null",
    re.IGNORECASE,
)


class Secret(NamedTuple):
    """What looks like a secret, without the secret."""

    line: int
    rule: str


def secrets_in(text: str) -> list[Secret]:
    """What looks like a secret in a script, comments included; lines that say ``allow-secret`` are passed over."""
    lines = text.splitlines()
    found = {*_shaped(lines), *_assigned(ast.parse(text))}
    return sorted(each for each in found if ALLOWED not in lines[each.line - 1])


def is_name_of_secret(name: str) -> bool:
    """Whether what is called ``name`` is a password, a key or a token."""
    return bool(_PASSWORD.search(name) or _KEY.search(name))


def _shaped(lines: list[str]) -> Iterator[Secret]:
    for number, line in enumerate(lines, 1):
        for rule, shape in _RULES.items():
            match = shape.search(line)
            if match and not (match.groupdict() and _PLACEHOLDER.search(match["value"])):
                yield Secret(number, rule)


def _assigned(tree: ast.AST) -> Iterator[Secret]:
    """Texts that are given to what is called a password, a key or a token."""
    for node in ast.walk(tree):
        for name, value in _named(node):
            if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
                continue
            said = value.value
            if len(said) < 6 or " " in said or _PLACEHOLDER.search(said):
                continue
            if _PASSWORD.search(name):
                yield Secret(value.lineno, "password")
            elif _KEY.search(name) and len(said) >= 12 and _is_random(said):
                yield Secret(value.lineno, "named-key")


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    match node:
        case ast.Assign():
            yield from ((_name(target), node.value) for target in node.targets)
        case ast.AnnAssign():
            yield _name(node.target), node.value
        case ast.keyword():
            yield node.arg or "", node.value
        case ast.Dict():
            yield from ((_name(key), value) for key, value in zip(node.keys, node.values, strict=True))
        case ast.arguments():
            taken = [*node.posonlyargs, *node.args]
            yield from zip((each.arg for each in taken[len(taken) - len(node.defaults) :]), node.defaults, strict=True)
            yield from ((each.arg, value) for each, value in zip(node.kwonlyargs, node.kw_defaults, strict=True))


def _name(node: ast.expr | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str(name)):
            return name
        case ast.Subscript():
            return _name(node.slice)
    return ""


def _is_random(said: str) -> bool:
    """Whether a text has digits among letters, and few of them twice, as keys do and names of things do not."""
    mixed = any(each.isdigit() for each in said) and any(each.isalpha() for each in said)
    return mixed and len(set(said)) >= 9 and not re.fullmatch(r"[a-z]+([-_./][a-z0-9.]+)+", said)
