"""The page of one run, and its charts."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Trained, Watched

INKED = """canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count += 1;
  return count;
}"""


def chart(ui: Watched, metric: str) -> Locator:
    """The chart of a metric, once it is drawn."""
    found = ui.page.locator(f"[data-testid=chart][data-key='{metric}']")
    expect(found).to_have_attribute("data-state", "drawn")
    return found


def zoom(ui: Watched, curve: Locator, start: float, end: float) -> None:
    """Drag over a part of a chart, given as fractions of its width."""
    box = curve.locator(".u-over").bounding_box()
    assert box
    ui.page.mouse.move(box["x"] + box["width"] * start, box["y"] + 50)
    ui.page.mouse.down()
    ui.page.mouse.move(box["x"] + box["width"] * end, box["y"] + 60, steps=5)
    ui.page.mouse.up()


def test_the_overview_says_what_was_logged(ui: Watched, server: Trained) -> None:
    ui.open(f"/experiments/{server.ids['deep']}/runs/{server.ids['run']}")
    expect(ui.page.get_by_role("heading", level=1)).to_contain_text("long curves")
    f1 = ui.page.locator("[data-testid=metric-row][data-key=final_f1]")
    expect(f1.get_by_test_id("metric-value")).to_have_text("0.123457")
    expect(f1.get_by_test_id("metric-value")).to_have_attribute("title", "0.1234567890123")
    expect(ui.page.locator("[data-testid=metric-row][data-key=broken]")).to_contain_text("NaN")
    expect(ui.page.locator("[data-testid=param-row][data-key=depth]")).to_contain_text("12")
    expect(ui.page.locator("strong")).to_have_text("baseline")
    expect(ui.page.get_by_role("region", name="Nested runs").get_by_role("link")).to_have_count(2)
    assert ui.page.title() == "long curves · deep · Headrace"


def test_a_chart_is_drawn_and_keeps_the_spike(ui: Watched, server: Trained) -> None:
    ui.open(f"/experiments/{server.ids['deep']}/runs/{server.ids['run']}/model-metrics")
    curve = chart(ui, "train/loss")
    assert curve.locator("canvas").evaluate(INKED) > 500
    # 5,000 points were logged; the one value of 100 among them must not be lost in thinning them out.
    expect(curve).to_have_attribute("data-max", "100")


def test_zooming_in_asks_for_finer_points_and_a_double_click_shows_all(ui: Watched, server: Trained) -> None:
    ui.open(f"/experiments/{server.ids['deep']}/runs/{server.ids['run']}/model-metrics?chart=train")
    curve = chart(ui, "train/loss")
    with ui.page.expect_request(lambda request: "start_step=" in request.url) as asked:
        zoom(ui, curve, 0.5, 0.6)
    assert "end_step=" in asked.value.url
    reset = ui.at("reset-zoom")
    expect(reset).to_be_visible()
    # A tenth of the curve is less than what is thinned out: every point is there.
    ui.page.wait_for_selector("[data-testid=chart][data-max]:not([data-max='100'])")
    assert 400 < int(curve.get_attribute("data-points") or 0) < 600
    curve.locator(".u-over").dblclick(position={"x": 30, "y": 30})
    expect(reset).to_have_count(0)
    expect(curve).to_have_attribute("data-max", "100")


def test_the_way_charts_are_drawn_is_in_the_address(ui: Watched, server: Trained) -> None:
    ui.open(f"/experiments/{server.ids['deep']}/runs/{server.ids['run']}/model-metrics")
    before = chart(ui, "train/loss").locator("canvas").evaluate("canvas => canvas.toDataURL()")
    ui.at("log-scale").check()
    ui.page.get_by_role("button", name="Time", exact=True).click()
    assert "y=log" in ui.page.url
    assert "x=time" in ui.page.url
    ui.page.reload()
    expect(ui.at("log-scale")).to_be_checked()
    assert chart(ui, "train/loss").locator("canvas").evaluate("canvas => canvas.toDataURL()") != before


def test_a_metric_leads_to_its_own_chart(ui: Watched, server: Trained) -> None:
    ui.open(f"/experiments/{server.ids['deep']}/runs/{server.ids['run']}")
    ui.page.get_by_role("link", name="train/loss").click()
    expect(ui.at("chart")).to_have_count(1)
    expect(ui.at("chart-search")).to_have_value("train/loss")


def test_tags_are_added_and_removed_and_a_run_is_renamed(ui: Watched, server: Trained) -> None:
    client = server.client()
    run = client.create_run(server.ids["empty"], run_name="before").info.run_id
    ui.open(f"/experiments/{server.ids['empty']}/runs/{run}")
    ui.page.get_by_role("button", name="Add a tag").click()
    ui.page.get_by_label("Key of the tag").fill("stage")
    ui.page.get_by_label("Value of the tag").fill("prod")
    ui.page.keyboard.press("Enter")
    expect(ui.at("tag")).to_have_text("stage prod")
    assert client.get_run(run).data.tags["stage"] == "prod"
    ui.page.get_by_role("button", name="Remove the tag stage").click()
    expect(ui.at("tag")).to_have_count(0)

    ui.page.get_by_role("button", name="More about this run").click()
    ui.page.get_by_role("button", name="Rename…").click()
    ui.page.get_by_role("dialog").get_by_label("Name").fill("after")
    ui.page.keyboard.press("Enter")
    expect(ui.page.get_by_role("heading", level=1)).to_contain_text("after")
    assert client.get_run(run).info.run_name == "after"
    client.delete_run(run)


def test_an_unknown_run_is_said_to_be_unknown(ui: Watched, server: Trained) -> None:
    ui.expected = ("404",)
    ui.open(f"/experiments/{server.ids['deep']}/runs/{'f' * 32}")
    expect(ui.page.get_by_role("alert")).to_contain_text("f" * 32)
