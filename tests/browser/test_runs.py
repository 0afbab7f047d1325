"""The table of runs."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Trained, Watched


@pytest.fixture
def sweep(ui: Watched, server: Trained) -> Watched:
    """The page of the sweep's 150 runs, all loaded."""
    ui.open(f"/experiments/{server.ids['sweep']}/runs")
    expect(ui.page.locator("[data-testid=runs-total][data-total='150'][data-state=ready]")).to_be_visible()
    return ui


def cells(ui: Watched, column: str) -> list[str]:
    """The texts of a column, from the top."""
    rows = ui.page.locator(f"[data-testid=run-row] [data-column='{column}']")
    return rows.all_inner_texts()


def test_the_newest_run_is_first_and_metrics_are_shown_unasked(sweep: Watched) -> None:
    assert sweep.rows()[0] == "sweep-149"
    assert cells(sweep, "metrics.val_acc")[0] == "0.996667"
    assert cells(sweep, "params.arch")[0] == "mlp"
    # A param that is the same everywhere tells nothing.
    expect(sweep.page.locator("[role=columnheader][data-column='params.epochs']")).to_have_count(0)


def test_only_the_rows_in_view_are_in_the_page(sweep: Watched) -> None:
    assert sweep.at("run-row").count() < 60
    sweep.at("runs-viewport").evaluate("table => table.scrollTo(0, table.scrollHeight)")
    expect(sweep.page.locator("[data-testid=run-row][data-index='149']")).to_contain_text("sweep-000")


def test_a_click_on_a_head_sorts_on_the_server(sweep: Watched) -> None:
    head = sweep.page.locator("[role=columnheader][data-column='metrics.val_loss']")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(sweep.at("run-row").first).to_contain_text("sweep-000")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(sweep.at("run-row").first).to_contain_text("sweep-149")
    # Params too, and the order survives a reload because it is in the address.
    sweep.page.locator("[role=columnheader][data-column='params.arch']").get_by_role("button").click()
    expect(sweep.page.locator("[data-testid=run-row][data-index='0'] [data-column='params.arch']")).to_have_text("mlp")
    sweep.page.reload()
    expect(sweep.page.locator("[role=columnheader][data-column='params.arch']")).to_have_attribute(
        "aria-sort", "ascending"
    )


def test_a_filter_in_the_search_language_leaves_what_matches(sweep: Watched) -> None:
    sweep.at("filter-input").fill('metrics.val_acc >= 0.9 and params.arch = "vit"')
    sweep.page.keyboard.press("Enter")
    expect(sweep.page.locator("[data-testid=runs-total][data-total='10'][data-state=ready]")).to_be_visible()
    assert set(cells(sweep, "params.arch")) == {"vit"}
    sweep.page.get_by_role("button", name="Clear the filter").click()
    expect(sweep.page.locator("[data-testid=runs-total][data-total='150'][data-state=ready]")).to_be_visible()


def test_a_bare_word_looks_for_names(sweep: Watched) -> None:
    sweep.at("filter-input").fill("SWEEP-14")
    sweep.page.keyboard.press("Enter")
    expect(sweep.page.locator("[data-testid=runs-total][data-total='10'][data-state=ready]")).to_be_visible()


def test_a_wrong_filter_is_pointed_at_and_the_rows_stay(sweep: Watched) -> None:
    sweep.expected = ("400",)
    sweep.at("filter-input").fill("metrics.val_acc >> 0.9")
    sweep.page.keyboard.press("Enter")
    expect(sweep.at("filter-error")).to_contain_text("Invalid filter at character 18")
    caret = sweep.at("filter-caret")
    assert (caret.text_content() or "").splitlines() == ["metrics.val_acc >> 0.9", " " * 17 + "^"]
    expect(sweep.at("filter-input")).to_have_attribute("aria-invalid", "true")
    assert len(sweep.rows()) > 10
    caret.click()
    chosen = "input => input.value.slice(input.selectionStart, input.selectionEnd)"
    assert sweep.at("filter-input").evaluate(chosen) == ">"
    assert sweep.at("filter-input").evaluate("input => input.selectionStart") == 17


def test_names_are_offered_while_a_filter_is_typed(sweep: Watched) -> None:
    sweep.at("filter-input").press_sequentially("val_a")
    offers = sweep.page.get_by_role("listbox", name="Names").get_by_role("option")
    expect(offers).to_have_text(["metrics.val_acc"])
    sweep.page.keyboard.press("ArrowDown")
    sweep.page.keyboard.press("Enter")
    expect(sweep.at("filter-input")).to_have_value("metrics.val_acc ")


def test_columns_are_chosen_and_pinned_and_remembered_by_the_address(sweep: Watched) -> None:
    sweep.page.get_by_role("button", name="Columns").click()
    picker = sweep.at("column-picker")
    picker.locator("[data-column='tags.stage']").check()
    picker.locator("[data-column='metrics.val_loss']").uncheck()
    picker.get_by_role("button", name="Pin val_acc").click()
    sweep.page.keyboard.press("Escape")
    expect(picker).to_have_count(0)
    expect(sweep.page.locator("[role=columnheader][data-column='metrics.val_loss']")).to_have_count(0)
    assert cells(sweep, "tags.stage")[0] == "prod"
    pinned = sweep.page.locator("[role=columnheader][data-column='metrics.val_acc']")
    expect(pinned).to_have_class(re.compile("pinned"))

    elsewhere = sweep.page.context.browser.new_context()
    page = elsewhere.new_page()
    page.goto(sweep.page.url)
    expect(page.locator("[role=columnheader][data-column='tags.stage']")).to_be_visible()
    expect(page.locator("[role=columnheader][data-column='metrics.val_acc']")).to_have_class(re.compile("pinned"))
    elsewhere.close()


def test_nested_runs_stand_below_their_parent_and_fold(ui: Watched, server: Trained) -> None:
    ui.open(f"/experiments/{server.ids['deep']}/runs")
    expect(ui.at("run-row")).to_have_count(3)
    assert ui.rows() == ["long curves", "child b", "child a"]
    expect(ui.at("nested")).to_have_count(2)
    ui.page.get_by_role("button", name="Hide 2 nested runs").click()
    expect(ui.at("run-row")).to_have_count(1)


def test_selected_runs_are_deleted_and_restored(ui: Watched, server: Trained) -> None:
    client = server.client()
    experiment = client.create_experiment("to be thinned out")
    for second, name in enumerate(("keep", "drop 1", "drop 2")):
        client.create_run(experiment, start_time=1000 * second, run_name=name)
    ui.open(f"/experiments/{experiment}/runs")
    expect(ui.at("run-row")).to_have_count(3)
    ui.page.get_by_label("Select drop 2").check()
    ui.page.get_by_label("Select drop 1").click(modifiers=["Shift"])
    expect(ui.at("selection")).to_contain_text("2 runs selected")
    ui.at("selection").get_by_role("button", name="Delete").click()
    expect(ui.at("run-row")).to_have_count(1)
    ui.page.get_by_label("State of runs").select_option("Deleted")
    expect(ui.at("run-row")).to_have_count(2)
    ui.page.get_by_label("Select all loaded runs").check()
    ui.at("selection").get_by_role("button", name="Restore").click()
    expect(ui.page.get_by_text("Nothing was deleted")).to_be_visible()
    assert len(client.search_runs([experiment])) == 3


def test_runs_are_compared_by_their_differences(sweep: Watched, server: Trained) -> None:
    sweep.page.get_by_label("Select sweep-149").check()
    sweep.page.get_by_label("Select sweep-148").check()
    sweep.at("selection").get_by_role("link", name="Compare").click()
    expect(sweep.page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")
    table = sweep.page.get_by_role("table")
    expect(table.get_by_role("rowheader", name="arch")).to_be_visible()
    expect(table.get_by_role("rowheader", name="epochs")).to_have_count(0)
    expect(sweep.at("chart").first).to_have_attribute("data-state", "drawn")


def test_links_of_other_tools_are_understood(ui: Watched, server: Trained) -> None:
    sweep, run = server.ids["sweep"], server.ids["run"]
    ui.open(f"/experiments/{sweep}?searchFilter=params.arch+%3D+%22vit%22&orderByKey=metrics.val_acc&orderByAsc=true")
    expect(ui.page.locator("[data-testid=runs-total][data-total='50'][data-state=ready]")).to_be_visible()
    expect(ui.at("run-row").first).to_contain_text("sweep-001")
    ui.open(f"/runs/{run}")
    expect(ui.page.get_by_role("heading", level=1)).to_contain_text("long curves")
    ui.open(f"/compare-runs?runs={json.dumps([run])}&experiments={json.dumps([sweep])}")
    expect(ui.page.get_by_role("heading", level=1)).to_have_text("Compare 1 runs")


def test_charts_of_many_runs_are_drawn(ui: Watched, server: Trained) -> None:
    ui.open(f"/experiments/{server.ids['sweep']}/runs?compareRunsMode=CHART")
    expect(ui.page.locator("[data-testid=chart][data-key=val_acc][data-state=drawn]")).to_be_visible()
