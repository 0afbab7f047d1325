"""Artifacts and their previews."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Trained, Watched


@pytest.fixture
def files(ui: Watched, server: Trained) -> Watched:
    """The artifacts of the long run."""
    ui.open(f"/experiments/{server.ids['deep']}/runs/{server.ids['run']}/artifacts")
    expect(ui.at("artifact").filter(has_text="train.log")).to_be_visible()
    return ui


def choose(ui: Watched, name: str) -> None:
    """Click a file in the tree."""
    ui.at("artifact").filter(has_text=name).click()


def test_a_text_is_shown_by_lines_of_which_only_those_in_view_are_made(files: Watched) -> None:
    choose(files, "train.log")
    text = files.at("preview-text")
    expect(text).to_contain_text("line 1: loss 1.0000")
    assert text.locator(".line").count() < 200
    text.evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(text).to_contain_text("line 5000: loss 0.0002")


def test_an_image_is_shown(files: Watched) -> None:
    files.at("artifact-folder").filter(has_text="figures").click()
    choose(files, "curve.png")
    image = files.at("preview-image")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100


def test_a_csv_is_a_table_that_sorts(files: Watched) -> None:
    files.at("artifact-folder").filter(has_text="tables").click()
    choose(files, "rows.csv")
    table = files.at("preview-table")
    expect(table).to_contain_text("row 3, quoted")
    expect(files.page.get_by_text("600 rows, 2 columns")).to_be_visible()
    head = table.get_by_role("columnheader", name="row")
    head.get_by_role("button").click()
    head.get_by_role("button").click()
    expect(table.locator(".data").first).to_contain_text("599")


def test_json_is_indented_and_nothing_in_it_is_an_element(files: Watched) -> None:
    choose(files, "config.json")
    lines = files.at("preview-text").locator(".line").all_inner_texts()
    assert len(lines) == 8
    assert any('"name": "<b>x</b>"' in line for line in lines)


@pytest.mark.parametrize(("name", "text"), [("config.yaml", "layers: [1, 2]"), ("page.html", "window.hacked = 1")])
def test_source_texts_are_shown_as_they_are(files: Watched, name: str, text: str) -> None:
    choose(files, name)
    expect(files.at("preview-text")).to_contain_text(text)
    assert files.page.evaluate("window.hacked") is None


def test_markdown_is_a_page_or_its_text(files: Watched) -> None:
    choose(files, "report.md")
    expect(files.at("artifact-preview").locator("strong")).to_have_text("good")
    files.page.get_by_role("button", name="Text", exact=True).click()
    expect(files.at("preview-text")).to_contain_text("It is **good**.")


def test_what_is_not_text_is_shown_as_bytes(files: Watched) -> None:
    choose(files, "blob.bin")
    expect(files.at("preview-hex")).to_contain_text("00 01 02 03")
    expect(files.at("artifact-preview")).to_contain_text("2.05 kB")


def test_a_file_is_downloaded_whole_under_its_name(files: Watched) -> None:
    choose(files, "train.log")
    with files.page.expect_download() as begun:
        files.page.get_by_role("link", name="Download").click()
    assert begun.value.suggested_filename == "train.log"
    assert begun.value.path().read_text().count("\n") == 5000


def test_a_file_has_an_address_that_opens_its_folders(ui: Watched, server: Trained) -> None:
    ui.open(f"/experiments/{server.ids['deep']}/runs/{server.ids['run']}/artifacts/tables/rows.csv")
    expect(ui.at("preview-table")).to_contain_text("row 0, quoted")
    expect(ui.at("artifact").filter(has_text="rows.csv")).to_have_attribute("aria-current", "page")
