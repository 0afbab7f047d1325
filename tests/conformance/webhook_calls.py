"""REST calls about webhooks, asked of both servers, which may both point them anywhere."""

from __future__ import annotations

from tests.conformance.calls import get, post
from tests.conformance.replay import Step

_URL = "http://127.0.0.1:9/hook"
_EVENT = {"entity": "REGISTERED_MODEL", "action": "CREATED"}
_NOBODY = "00000000-0000-0000-0000-000000000000"
_HOOK = {"name": "hook", "url": _URL, "events": [_EVENT], "status": "DISABLED"}
_ENTITIES = """
    REGISTERED_MODEL MODEL_VERSION MODEL_VERSION_TAG MODEL_VERSION_ALIAS PROMPT PROMPT_VERSION PROMPT_TAG
    PROMPT_VERSION_TAG PROMPT_ALIAS BUDGET_POLICY
""".split()
_EVERY = [
    {"entity": entity, "action": action}
    for entity in _ENTITIES
    for action in ("CREATED", "DELETED", "SET")
    if not {(entity, action)}
    & {(each, "CREATED") for each in ("MODEL_VERSION_TAG", "PROMPT_TAG", "PROMPT_VERSION_TAG", "BUDGET_POLICY")}
    and not (action == "SET" and not entity.endswith("TAG"))
    and not (action == "DELETED" and not entity.endswith(("TAG", "ALIAS")))
]


def _made(name: str, /, **changed: object) -> Step:
    return post(name, "webhooks", {key: each for key, each in {**_HOOK, **changed}.items() if each is not None})


def _changed(name: str, /, **changes: object) -> Step:
    return Step(name, "PATCH", "webhooks/{hook}", changes)


WEBHOOKS = [
    post("a webhook is created", "webhooks", _HOOK, keep={"hook": "webhook.webhook_id"}),
    post(
        "a webhook with everything is created",
        "webhooks",
        {
            **_HOOK,
            "events": [*_EVERY, {"entity": "BUDGET_POLICY", "action": "EXCEEDED"}],
            "secret": "s",
            "description": "d",
        },
        keep={"hook2": "webhook.webhook_id"},
    ),
    *(_made(f"a webhook without {field} is refused", **{field: None}) for field in ("name", "url", "events")),
    *(
        _made(f"a webhook called {name[:5]!r} ({len(name)}) is refused", name=name)
        for name in ("", " ", "a" * 64, "-a", "a-", ".a", "_a", "a b", "ä", "a/b")
    ),
    *(_made(f"a webhook at {url!r} is refused", url=url) for url in ("", "x", "ftp://h/x", "http://", "https://")),
    _made("a webhook without any events is refused", events=[]),
    *(
        _made(f"a webhook of {entity} {action} is refused", events=[{"entity": entity, "action": action}])
        for entity, action in (
            ("REGISTERED_MODEL", "DELETED"),
            ("MODEL_VERSION", "UPDATED"),
            ("PROMPT", "SET"),
            ("MODEL_VERSION_ALIAS", "SET"),
            ("BUDGET_POLICY", "CREATED"),
            ("PROMPT_TAG", "CREATED"),
        )
    ),
    get("webhooks are listed", "webhooks"),
    get("webhooks are listed one by one", "webhooks", ("max_results", "1")),
    *(get(f"{count} webhooks at once are refused", "webhooks", ("max_results", count)) for count in ("1001", "-1")),
    get("webhooks after a broken token are refused", "webhooks", ("page_token", "zzz")),
    get("a webhook is read", "webhooks/{hook}"),
    get("an unknown webhook is not found", f"webhooks/{_NOBODY}"),
    _changed("a webhook is changed", name="other", description="d", events=[{"entity": "PROMPT", "action": "CREATED"}]),
    _changed("what is empty in a change stays", name="", url="", events=[], description=""),
    _changed("a webhook without changes is changed"),
    _changed("a webhook is not renamed badly", name=" x"),
    _changed("a webhook is not moved badly", url="ftp://x"),
    _changed("a webhook does not get impossible events", events=[{"entity": "PROMPT", "action": "SET"}]),
    Step("an unknown webhook is not changed", "PATCH", f"webhooks/{_NOBODY}", {"name": "x"}),
    post("an unknown webhook is not tested", f"webhooks/{_NOBODY}/test", {}),
    post(
        "a webhook is not tested by impossible events",
        "webhooks/{hook}/test",
        {"event": {"entity": "PROMPT", "action": "SET"}},
    ),
    Step("a webhook is deleted", "DELETE", "webhooks/{hook}"),
    Step("a deleted webhook is not deleted again", "DELETE", "webhooks/{hook}"),
    get("a deleted webhook is not found", "webhooks/{hook}"),
    Step("the other webhook is deleted", "DELETE", "webhooks/{hook2}"),
]
