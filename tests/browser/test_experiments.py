"""The list of experiments."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Trained, Watched


def test_the_list_shows_what_a_client_made(ui: Watched, server: Trained) -> None:
    server.client().create_experiment("made by a client", tags={"team": "vision"})
    ui.open("/experiments")
    row = ui.at("experiment-row").filter(has_text="made by a client")
    expect(row).to_contain_text("team vision")
    row.get_by_role("link").click()
    expect(ui.page.get_by_role("heading", level=1)).to_have_text("made by a client")
    expect(ui.page.get_by_text("No runs yet")).to_be_visible()
    assert ui.page.title() == "made by a client · runs · Headrace"


def test_the_home_page_is_the_list(ui: Watched) -> None:
    ui.open("/")
    expect(ui.at("experiment-row").filter(has_text="sweep")).to_be_visible()


def test_names_are_searched_as_they_are_typed(ui: Watched) -> None:
    ui.open("/experiments")
    ui.at("experiment-search").fill("WEE")
    expect(ui.at("experiment-row")).to_have_count(1)
    expect(ui.at("experiment-row")).to_contain_text("sweep")
    ui.at("experiment-search").fill("no such name")
    expect(ui.page.get_by_text("No experiment has “no such name” in its name.")).to_be_visible()


def test_an_experiment_is_made_deleted_taken_back_and_restored(ui: Watched, server: Trained) -> None:
    ui.open("/experiments")
    ui.page.get_by_role("button", name="New experiment").click()
    ui.page.get_by_role("dialog").get_by_label("Name").fill("by hand")
    ui.page.keyboard.press("Enter")
    expect(ui.page.get_by_role("heading", level=1)).to_have_text("by hand")
    made = server.client().get_experiment_by_name("by hand")
    assert made is not None

    ui.page.get_by_role("link", name="Experiments").first.click()
    ui.page.get_by_role("button", name="Delete by hand").click()
    expect(ui.page.get_by_text("Deleted experiment “by hand”.")).to_be_visible()
    expect(ui.at("experiment-row").filter(has_text="by hand")).to_have_count(0)
    ui.page.get_by_role("button", name="Undo").click()
    expect(ui.at("experiment-row").filter(has_text="by hand")).to_have_count(1)

    ui.page.get_by_role("button", name="Delete by hand").click()
    ui.page.get_by_role("button", name="Deleted", exact=True).click()
    row = ui.at("experiment-row").filter(has_text="by hand")
    row.get_by_role("button", name="Restore").click()
    expect(row).to_have_count(0)
    assert server.client().get_experiment(made.experiment_id).lifecycle_stage == "active"


def test_a_refused_name_is_explained_and_the_dialog_stays(ui: Watched) -> None:
    ui.expected = ("400",)
    ui.open("/experiments")
    ui.page.get_by_role("button", name="New experiment").click()
    dialog = ui.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("sweep")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("sweep")
    ui.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
