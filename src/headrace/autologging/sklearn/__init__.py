"""scikit-learn: what is recorded when an estimator is fitted, asked and scored."""

from __future__ import annotations

from typing import Any

from headrace.autologging.sklearn.watching import SKLEARN


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    max_tuning_runs: int | None = 5,
    log_post_training_metrics: bool = True,
    serialization_format: str = "cloudpickle",
    registered_model_name: str | None = None,
    pos_label: int | str | None = None,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Record every fit of a scikit-learn estimator: params, metrics, figures, data and the model.

    ``max_tuning_runs`` is how many candidates of a search get a run of their own, the best first; None for all.
    ``pos_label`` is the class that precision, recall and F1 are about; without it they are averages over all classes.
    With ``exclusive`` nothing is recorded into runs that the user opened. ``disable=True`` takes everything back.
    """
    configure(dict(locals()))


def configure(options: dict[str, Any], front_door: bool = False) -> None:
    """Take the options of ``autolog``; through the front door, less than what was said of scikit-learn alone."""
    if options.get("max_tuning_runs") is not None and options["max_tuning_runs"] < 0:
        from headrace.base.errors import BadRequest

        raise BadRequest(f"max_tuning_runs is a number of runs or None for all, not {options['max_tuning_runs']!r}")
    SKLEARN.configure(options, front_door)
