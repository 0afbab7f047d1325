"""Registered models, their versions, and the models that runs logged."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Trained, Watched


def test_models_are_listed_with_their_aliases(ui: Watched) -> None:
    ui.open("/models")
    row = ui.at("model-row").filter(has_text="churn-classifier")
    expect(row).to_contain_text("Version 2")
    expect(row).to_contain_text("@champion")
    row.get_by_role("link", name="churn-classifier").click()
    expect(ui.at("version-row")).to_have_count(2)
    expect(ui.at("version-row").first).to_contain_text("The stronger one.")


def test_an_alias_is_set_and_removed(ui: Watched, server: Trained) -> None:
    client = server.client()
    ui.open("/models/churn-classifier")
    ui.page.get_by_role("button", name="Add an alias to version 1").click()
    ui.page.get_by_label("Alias", exact=True).fill("challenger")
    ui.page.keyboard.press("Enter")
    expect(ui.at("alias").filter(has_text="challenger")).to_be_visible()
    assert client.get_model_version_by_alias("churn-classifier", "challenger").version == "1"
    ui.page.get_by_role("button", name="Remove the alias challenger").click()
    expect(ui.at("alias")).to_have_count(1)


def test_a_version_shows_its_signature_and_leads_to_its_run(ui: Watched, server: Trained) -> None:
    run = server.client().get_model_version("churn-classifier", "2").run_id
    assert run
    ui.open("/models/churn-classifier/versions/2")
    signature = ui.at("signature")
    expect(signature).to_contain_text("float64[-1, 2]")
    expect(signature).to_contain_text("int64[-1]")
    ui.page.get_by_role("link", name=run[:8]).click()
    expect(ui.page.get_by_role("region", name="Registered as")).to_contain_text("churn-classifier version 2")


def test_a_logged_model_shows_its_files(ui: Watched, server: Trained) -> None:
    experiment = server.client().get_experiment_by_name("classifiers")
    assert experiment
    ui.open(f"/experiments/{experiment.experiment_id}/models")
    expect(ui.at("logged-model-row")).to_have_count(2)
    ui.at("logged-model-row").first.get_by_role("link", name="model", exact=True).click()
    ui.at("artifact").filter(has_text="MLmodel").click()
    expect(ui.at("preview-text")).to_contain_text("loader_module")


def test_a_model_is_made_and_deleted(ui: Watched, server: Trained) -> None:
    ui.open("/models")
    ui.page.get_by_role("button", name="New model").click()
    ui.page.get_by_role("dialog").get_by_label("Name").fill("by hand")
    ui.page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(ui.page.get_by_text("No versions yet")).to_be_visible()
    ui.page.get_by_role("button", name="Delete").click()
    ui.page.get_by_role("button", name="Delete for good").click()
    expect(ui.page.get_by_role("heading", level=1)).to_have_text("Models")
    assert [model.name for model in server.client().search_registered_models()] == ["churn-classifier"]
