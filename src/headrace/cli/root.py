"""The ``headrace`` command. What a command needs is imported when that command runs, not before."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

import headrace
from headrace import _doors
from headrace.base.errors import HeadraceError

#: Command -> the file that has it, its name there, and what it is for.
COMMANDS = {
    "artifacts": ("artifacts", "artifacts", "List, fetch and log the files of runs."),
    "datasets": ("datasets", "datasets", "List evaluation datasets."),
    "experiments": ("experiments", "experiments", "Make, find, rename, delete and restore experiments."),
    "db": ("db", "db", "Upgrade, check, back up and restore a database."),
    "deployments": ("deployments", "deployments", "Deploy models to what runs them elsewhere."),
    "doctor": ("doctor", "doctor", "Print versions, places and settings, for a report."),
    "export": ("export", "export", "Write a store, or a part of one, to an archive."),
    "gc": ("gc", "gc", "Remove for good what is deleted."),
    "import": ("import_", "import_", "Import runs and models from MLflow or another store."),
    "models": ("models", "models", "Serve models and ask them for predictions."),
    "runs": ("runs", "runs", "Make, list, delete and restore runs, and look at them."),
    "sagemaker": ("sagemaker", "sagemaker", "Serve models with Amazon SageMaker."),
    "server": ("server", "server", "Run the tracking server with its UI."),
    "webhooks": ("webhooks", "webhooks", "Tell programs of changes in the registry."),
    "ui": ("server", "ui", "Run the tracking server with its UI; the same as server."),
}

_VERSION = f"%(prog)s, version %(version)s (MLflow {_doors.MLFLOW_VERSION})"


class Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(f"headrace.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with what they are for, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, _, about) in sorted(COMMANDS.items())])


@click.group(cls=Commands, name="headrace")
@click.version_option(headrace.__version__, prog_name="headrace", message=_VERSION)
def root() -> None:
    """Track, register and serve machine-learning models."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. What went wrong is said in one sentence, with exit code 1."""
    try:
        root.main(arguments, prog_name="headrace", standalone_mode=True)
    except HeadraceError as error:
        sys.exit(f"Error: {error.message}")
