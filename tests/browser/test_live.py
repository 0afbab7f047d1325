"""What changes on the server changes on the open page, without a reload."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

import headrace
from tests.browser.conftest import Trained, Watched
from tests.databases import free_port
from tests.processes import serving


def loaded_once(ui: Watched) -> None:
    """Mark the page; a reload would lose the mark."""
    ui.page.evaluate("window.mark = 'kept'")


def was_not_reloaded(ui: Watched) -> bool:
    """Whether the mark is still there."""
    return bool(ui.page.evaluate("window.mark === 'kept'"))


def test_a_metric_logged_now_appears_on_the_page_of_the_run(ui: Watched, server: Trained) -> None:
    client = server.client()
    run = client.create_run(server.ids["empty"]).info.run_id
    ui.open(f"/experiments/{server.ids['empty']}/runs/{run}")
    expect(ui.at("live")).to_have_attribute("data-state", "live")
    expect(ui.page.get_by_text("No metric was logged.")).to_be_visible()
    loaded_once(ui)
    client.log_metric(run, "loss", 0.75, step=1)
    value = ui.page.locator("[data-testid=metric-row][data-key=loss]").get_by_test_id("metric-value")
    expect(value).to_have_text("0.75")
    client.log_metric(run, "loss", 0.5, step=2)
    expect(value).to_have_text("0.5")
    assert was_not_reloaded(ui)
    client.delete_run(run)


def test_a_curve_grows_and_the_zoom_and_the_scroll_stay(ui: Watched, server: Trained) -> None:
    client = server.client()
    run = client.create_run(server.ids["empty"]).info.run_id
    for step in range(20):
        client.log_batch(run, metrics=[headrace.entities.Metric(f"m{n:02d}", step, step, step) for n in range(12)])
    ui.open(f"/experiments/{server.ids['empty']}/runs/{run}/model-metrics")
    curve = ui.page.locator("[data-testid=chart][data-key=m00]")
    expect(curve).to_have_attribute("data-points", "20")
    expect(ui.at("live")).to_have_attribute("data-state", "live")
    ui.page.locator("main").evaluate("main => main.scrollTo(0, 60)")
    client.log_metric(run, "m00", 99, timestamp=20, step=20)
    expect(curve).to_have_attribute("data-points", "21")
    expect(curve).to_have_attribute("data-max", "99")
    assert ui.page.locator("main").evaluate("main => main.scrollTop") == 60
    client.delete_run(run)


def test_a_new_run_and_its_metrics_appear_in_the_table(ui: Watched, server: Trained) -> None:
    client = server.client()
    experiment = client.create_experiment("watched")
    ui.open(f"/experiments/{experiment}/runs")
    expect(ui.at("live")).to_have_attribute("data-state", "live")
    expect(ui.page.get_by_text("No runs yet")).to_be_visible()
    loaded_once(ui)
    run = client.create_run(experiment, run_name="arrives").info.run_id
    expect(ui.at("run-row")).to_contain_text("arrives")
    client.log_metric(run, "loss", 0.25)
    expect(ui.page.locator("[data-testid=run-row] [data-column='metrics.loss']")).to_have_text("0.25")
    client.set_terminated(run, "FAILED")
    expect(ui.at("run-row").get_by_text("Failed")).to_be_attached()
    assert was_not_reloaded(ui)


def test_new_runs_do_not_move_what_is_being_read(ui: Watched, server: Trained) -> None:
    client = server.client()
    experiment = client.create_experiment("long list")
    for number in range(60):
        client.create_run(experiment, run_name=f"old {number}")
    ui.open(f"/experiments/{experiment}/runs")
    expect(ui.page.locator("[data-testid=runs-total][data-total='60'][data-state=ready]")).to_be_visible()
    expect(ui.at("live")).to_have_attribute("data-state", "live")
    ui.at("runs-viewport").evaluate("table => table.scrollTo(0, 400)")
    before = ui.rows()
    client.create_run(experiment, run_name="new")
    pill = ui.page.get_by_role("button", name="1 new run")
    expect(pill).to_be_visible()
    assert ui.at("runs-viewport").evaluate("table => table.scrollTop") == 400
    assert set(before) & set(ui.rows())
    pill.click()
    expect(ui.at("run-row").first).to_contain_text("new")


def test_a_lost_server_is_said_and_the_page_heals_by_itself(context: BrowserContext, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "headrace", "server", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/headrace.db", "--artifacts-destination", str(tmp_path)]
    ui = Watched(context.new_page(), url)
    client = headrace.MlflowClient(tracking_uri=url)
    with serving(command, url, tmp_path / "first.log"):
        run = client.create_run("0").info.run_id
        client.log_metric(run, "loss", 1)
        ui.open(f"/experiments/0/runs/{run}")
        expect(ui.at("live")).to_have_attribute("data-state", "live")
    expect(ui.at("offline")).to_be_visible(timeout=15_000)
    expect(ui.at("metric-value")).to_have_text("1")
    with serving(command, url, tmp_path / "second.log"):
        expect(ui.at("offline")).to_have_count(0, timeout=15_000)
        expect(ui.at("live")).to_have_attribute("data-state", "live")
        client.log_metric(run, "loss", 2)
        expect(ui.at("metric-value")).to_have_text("2")
