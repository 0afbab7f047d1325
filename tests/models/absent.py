"""Names of MLflow's about models and deployments that headrace does not have, or has otherwise, and why."""

from __future__ import annotations

import re

#: Families of names, by what they are part of. Each pattern is looked for anywhere in the name.
FAMILIES = {
    "evaluation": r"models\.(evaluate|make_metric|list_evaluators)\b|Evaluation(Metric|Artifact|Result)"
    r"|MetricThreshold",
    "the gateway": r"deployments\.(mlflow|openai|constants)\b|MlflowDeploymentClient|OpenAIDeploymentClient"
    r"|ModelFromDeploymentEndpoint",
    "Databricks": r"(?i)deployments\.databricks|databricks(deployment|endpoint)|MockDbutils|notebook_resources"
    r"|build_model_env|maybe_render_agent_eval_recipe|display_utils",
    "the inside of MLflow's own scoring server": r"pyfunc\.scoring_server\b",
    "MLflow's own housekeeping": r"plot_lines|get_external_mlflow_model_spec|docker_utils\.generate_dockerfile"
    r"|wrap_non_list_predict_pydantic|pyfunc\.loaders\b|data_validation\.FuncInfo"
    r"|update_signature_for_type_hint_from_example",
    "second doors to what mlflow.models has": r"models\.model\.(Files|get_model_requirements_files|set_model"
    r"|update_model_requirements)\b",
}

#: Names that are there and take something else than MLflow's, and why.
OTHERWISE = {
    "mlflow.models.Model": "the id of a model is made when it is not given, not by a function among the defaults",
    "mlflow.models.model.Model": "the same",
    "mlflow.models.Model.log": "the options of logging and of the flavor are taken by name",
    "mlflow.models.model.Model.log": "the same",
    "mlflow.models.infer_pip_requirements": "nothing is run to infer them, so there is nothing to set for it",
    "mlflow.pyfunc.save_model": "what it takes beside has a name: extra_files",
    "mlflow.pyfunc.model.ChatModel": "it is made without arguments",
    "mlflow.models.rag_signatures.StringResponse": "the record of MLflow's default is cut short",
    "mlflow.models.rag_signatures.StringResponse.content": "the same",
}


def absence(name: str) -> str | None:
    """What a name waits for; None for one that is to be there."""
    return next((family for family, pattern in FAMILIES.items() if re.search(pattern, name)), None)
