"""The example of a LangChain chain runs, with headrace and with MLflow itself, against a language model on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.libraries.openai_server import language_model

PROGRAM = Path(__file__).parents[2] / "examples/models_from_code/langchain_chain.py"
#: Runs a program in a process where headrace cannot be imported.
WITHOUT = "import runpy, sys; sys.modules['headrace'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"


@pytest.mark.parametrize("before", [[], ["-c", WITHOUT]], ids=["headrace", "mlflow"])
def test_the_chain_is_asked_as_a_whole_in_batches_and_word_by_word(before: list[str], tmp_path: Path) -> None:
    with language_model() as server:
        told = {**os.environ, "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "k"}
        command = [sys.executable, *before, str(PROGRAM)]
        done = subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        (said,) = {each["messages"][0]["content"] for each in server.asked}
    assert said == "You are a gardener. Answer in one sentence, and be encouraging."
    assert "WHEN SHOULD I PLANT TOMATOES IN NORWAY?" in done.stdout
    assert "WHEN SHOULD I PLANT TULIPS IN SPAIN?" in done.stdout
    assert "WHEN| SHOULD| I| PLANT| TOMATOES| IN| NORWAY?" in done.stdout
