"""``autolog``, which can be turned off, and not yet on."""

from __future__ import annotations

from headrace.base.errors import NotSupported


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    log_traces: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: dict[str, str] | None = None,
    exclude_flavors: list[str] | None = None,
) -> None:
    """Turn automatic logging off with ``disable=True``: nothing is logged by itself, so there is nothing to do."""
    if not disable:
        raise NotSupported(
            "autolog is not in headrace yet; MLflow 3 has it. Log with log_params, log_metrics and log_model instead"
        )
