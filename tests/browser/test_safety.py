"""Nothing that users logged can run, nothing foreign is loaded, and everybody can use the pages."""

from __future__ import annotations

from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import expect

from tests.browser.conftest import Trained, Watched

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAYLOAD = "<img src=x onerror=window.hacked=1><script>window.hacked=2</script>"


RUN = "/experiments/{deep}/runs/{run}"
#: A route of every page, with the ids of the training.
PLACES = [
    "/experiments",
    "/experiments/{sweep}/runs",
    "/experiments/{sweep}/runs?compareRunsMode=CHART",
    "/experiments/{empty}/runs",
    "/experiments/{sweep}/models",
    RUN,
    f"{RUN}/model-metrics",
    f"{RUN}/artifacts/config.json",
    f"{RUN}/artifacts/tables/rows.csv",
    f"{RUN}/artifacts/figures/curve.png",
    '/compare-runs?runs=["{run}"]&experiments=["{deep}"]',
    "/models",
    "/models/churn-classifier",
    "/models/churn-classifier/versions/2",
    "/no/such/page",
]


def settled(ui: Watched) -> None:
    """Wait until the page has what it asked for and shows it."""
    expect(ui.page.get_by_role("heading").first).to_be_visible()
    expect(ui.page.locator(".skeleton, [data-state=loading]")).to_have_count(0)
    ui.page.wait_for_timeout(200)


def test_the_policy_forbids_what_is_not_ours(server: Trained) -> None:
    with urllib3.PoolManager() as pool:
        policy = pool.request("GET", server.url).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";") if rule.strip())
    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("place", PLACES)
def test_every_page_is_quiet_accessible_and_fits_a_narrow_screen(ui: Watched, server: Trained, place: str) -> None:
    ui.open(place.format(**server.ids))
    settled(ui)
    asked = [url for url in ui.requests if "/ajax-api/" in url and "runs/search" not in url]
    assert len(asked) == len(set(asked))

    ui.page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        ui.page.emulate_media(color_scheme=theme)
        found = ui.page.evaluate("rules => axe.run({ runOnly: rules })", rules)["violations"]
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == [], theme

    ui.page.set_viewport_size({"width": 390, "height": 800})
    ui.page.wait_for_timeout(100)
    assert ui.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert ui.page.locator("main").evaluate("main => main.scrollWidth - main.clientWidth") <= 0


def test_names_and_values_are_text_wherever_they_stand(ui: Watched, server: Trained) -> None:
    client = server.client()
    experiment = client.create_experiment(PAYLOAD, tags={"mlflow.note.content": PAYLOAD, "team": PAYLOAD})
    run = client.create_run(experiment, run_name=PAYLOAD, tags={"tag": PAYLOAD, "mlflow.note.content": PAYLOAD})
    run_id = run.info.run_id
    client.log_param(run_id, "param", PAYLOAD)
    client.log_metric(run_id, "a metric", 1)
    client.log_text(run_id, PAYLOAD, "page.html")
    client.log_text(
        run_id, f"<svg xmlns='http://www.w3.org/2000/svg' onload='window.hacked=3'>{PAYLOAD}</svg>", "x.svg"
    )
    client.log_text(run_id, f"a,b\n{PAYLOAD},{PAYLOAD}\n", "x.csv")
    client.log_text(run_id, f"# {PAYLOAD}\n[x](javascript:window.hacked=4) {PAYLOAD}", "x.md")
    page = f"/experiments/{experiment}/runs"
    files = [f"{page}/{run_id}/artifacts/{name}" for name in ("page.html", "x.svg", "x.csv", "x.md")]
    for place in ["/experiments", page, f"{page}?compareRunsMode=CHART", f"{page}/{run_id}", *files]:
        ui.open(place)
        settled(ui)
        assert ui.page.evaluate("window.hacked") is None, place
        assert ui.page.locator("main img[src=x], main script, a[href^='javascript']").count() == 0, place
    assert PAYLOAD in ui.page.locator("h1").inner_text()
    client.delete_experiment(experiment)


def test_the_first_load_is_small(ui: Watched) -> None:
    session = ui.page.context.new_cdp_session(ui.page)
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    session.send("Network.enable")
    ui.open("/experiments")
    expect(ui.at("experiment-row").first).to_be_visible()
    ui.page.wait_for_load_state("networkidle")
    assert 20_000 < sum(sizes) < 150_000


def test_the_theme_follows_the_system_until_one_is_chosen(ui: Watched) -> None:
    ground = "() => getComputedStyle(document.documentElement).backgroundColor"
    ui.page.emulate_media(color_scheme="light")
    ui.open("/experiments")
    light = ui.page.evaluate(ground)
    ui.page.emulate_media(color_scheme="dark")
    dark = ui.page.evaluate(ground)
    assert dark != light
    ui.page.get_by_role("button", name="Light").click()
    assert ui.page.evaluate(ground) == light
    ui.page.reload()
    assert ui.page.evaluate(ground) == light


def test_the_keyboard_reaches_the_first_run(ui: Watched, server: Trained) -> None:
    ui.open(f"/experiments/{server.ids['deep']}/runs")
    expect(ui.at("run-row").first).to_be_visible()
    ui.page.keyboard.press("/")
    expect(ui.at("filter-input")).to_be_focused()
    ui.page.keyboard.press("Escape")
    ui.page.get_by_role("link", name="long curves").focus()
    ui.page.keyboard.press("Enter")
    expect(ui.page.get_by_role("heading", level=1)).to_contain_text("long curves")
    ui.page.go_back()
    expect(ui.at("run-row").first).to_be_visible()
