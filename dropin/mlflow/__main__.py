"""``python -m mlflow`` is the ``headrace`` command."""

from headrace.cli import main

main()
