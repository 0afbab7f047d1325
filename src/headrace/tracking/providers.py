"""What plugins may tell about this process: tags of its runs, headers of its requests, who it is, where it works.

``mlflow.tracking.context.abstract_context``, its three siblings and their registries are this module.
"""

from __future__ import annotations

import base64
import functools
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from headrace.base import settings
from headrace.base.errors import BadRequest
from headrace.tracking import plugins


class RunContextProvider(ABC):
    """Tags every run that begins where ``in_context`` is true. Entry points: ``mlflow.run_context_provider``."""

    @abstractmethod
    def in_context(self) -> bool:
        """Whether this process is where the provider knows something."""

    @abstractmethod
    def tags(self) -> dict[str, str]:
        """The tags."""


class RequestHeaderProvider(ABC):
    """Headers of every request to a server. Entry points: ``mlflow.request_header_provider``."""

    @abstractmethod
    def in_context(self) -> bool:
        """Whether this process is where the provider knows something."""

    @abstractmethod
    def request_headers(self) -> dict[str, str]:
        """The headers."""


class RequestAuthProvider(ABC):
    """Authenticates requests where TRACKING_AUTH has its name. Entry points: ``mlflow.request_auth_provider``."""

    @abstractmethod
    def get_name(self) -> str:
        """The name by which it is chosen."""

    @abstractmethod
    def get_auth(self) -> Any:
        """A name and a password, or a function that is given a request and changes its headers."""


class DefaultExperimentProvider(ABC):
    """The experiment where nobody chose one. Entry points: ``mlflow.default_experiment_provider``."""

    @abstractmethod
    def in_context(self) -> bool:
        """Whether this process is where the provider knows something."""

    @abstractmethod
    def get_experiment_id(self) -> str:
        """The id of the experiment."""


class Providers:
    """The providers of one kind: those of plugins, and those a program registers itself."""

    def __init__(self, group: str) -> None:
        self.group = group
        self._registered: list[Any] = []

    def register(self, provider_cls: Callable[[], Any]) -> None:
        """Take one more, which ``provider_cls`` makes."""
        self._registered.append(provider_cls())
        install()

    def register_entrypoints(self) -> None:
        """Find those of plugins, which are found when they are first asked."""

    def __iter__(self) -> Iterator[Any]:
        yield from _made(self.group)
        yield from self._registered

    def __bool__(self) -> bool:
        return bool(self._registered or plugins.entry_points(self.group))


_run_context_provider_registry = Providers("mlflow.run_context_provider")
_request_header_provider_registry = Providers("mlflow.request_header_provider")
_request_auth_provider_registry = Providers("mlflow.request_auth_provider")
_default_experiment_provider_registry = Providers("mlflow.default_experiment_provider")


class AuthedRequest:
    """What an authentication provider sees of a request: enough for those written for the requests library."""

    def __init__(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
        self.method, self.url, self.headers, self.body = method, url, dict(headers), body

    def register_hook(self, event: str, hook: Callable[..., Any]) -> None:
        """Hooks on responses have no place here, and are passed over."""


def run_tags() -> dict[str, str]:
    """The tags of all run context providers."""
    found: dict[str, str] = {}
    for provider in _run_context_provider_registry:
        found.update({str(key): str(value) for key, value in _asked(provider, "tags", {}).items()})
    return found


def default_experiment() -> str | None:
    """The experiment that a plugin says this process works in, if one does."""
    for provider in _default_experiment_provider_registry:
        if found := _asked(provider, "get_experiment_id", None):
            return str(found)
    return None


def dress(verb: str, url: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
    """The headers of a request, with those of the plugins; what two plugins say of one header is joined."""
    dressed, given = dict(headers), set[str]()
    for provider in _request_header_provider_registry:
        for name, value in _asked(provider, "request_headers", {}).items():
            dressed[name] = f"{dressed[name]} {value}" if name in given or name == "User-Agent" else value
            given.add(name)
    if chosen := settings.text("TRACKING_AUTH"):
        dressed = _authenticated(chosen, verb, url, dressed, body)
    return dressed


def install() -> None:
    """Let requests to servers carry what plugins say, if there are such plugins."""
    from headrace.base import connection

    if dress not in connection.dressers and (settings.text("TRACKING_AUTH") or _request_header_provider_registry):
        connection.dressers.append(dress)


def resolve_request_headers(request_headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers that plugins add, and ``request_headers``, which win."""
    return {**dress("GET", "", {}, None), **(request_headers or {})}


def get_experiment_id() -> str:
    """The experiment that a plugin says this process works in, or else the default one."""
    return default_experiment() or "0"


def _authenticated(name: str, verb: str, url: str, headers: dict[str, str], body: bytes | None) -> dict[str, str]:
    known = {each.get_name(): each for each in _request_auth_provider_registry}
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise BadRequest(
            f"TRACKING_AUTH is {name!r}, but no installed package offers a request_auth_provider of that name "
            f"(there: {there}); install it, or unset MLFLOW_TRACKING_AUTH"
        )
    auth = known[name].get_auth()
    if isinstance(auth, tuple):
        pair = base64.b64encode(":".join(map(str, auth)).encode()).decode()
        return {**headers, "Authorization": f"Basic {pair}"}
    request = AuthedRequest(verb, url, headers, body)
    return dict((auth(request) or request).headers)


@functools.cache
def _made(group: str) -> list[Any]:
    return [kind() for kind in plugins.loaded(group)]


def _asked(provider: Any, what: str, otherwise: Any) -> Any:
    """What a provider answers where it knows something; a provider that fails is warned of and left out."""
    try:
        return getattr(provider, what)() if provider.in_context() else otherwise
    except Exception as error:  # A plugin that fails costs a warning, never the user's run.
        warnings.warn(f"{type(provider).__name__}.{what} failed and is left out: {error!r}", stacklevel=2)
        return otherwise
