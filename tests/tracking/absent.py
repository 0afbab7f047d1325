"""Names of MLflow's in these areas that headrace does not have, or has otherwise, each with the room it waits for."""

from __future__ import annotations

import re

#: Families of names, by what they are part of. Each pattern is looked for anywhere in the name.
FAMILIES = {
    "tracing": r"(?i)trac(e|ing)|span|mlflow\.entities\.(link|session|issue\w*|document|[a-z_]*location)\b|UnityCatalog"
    r"|find_completed_sessions|upload_attachment|UCSchemaLocation",
    "assessments and labels": r"(?i)assessment|feedback|expectation|review|user_queue|label_schema|input_type|issue",
    "prompts": r"(?i)prompt",
    "MCP servers": r"(?i)\bmcp|_mcp_|MCP|ConnectOption",
    "the gateway": r"(?i)gateway|guardrail|budget|FallbackConfig|FallbackStrategy|RoutingStrategy",
    "workspaces": r"(?i)workspaces?(_|\b)|Workspace\w+",
    "scorers and judges": r"(?i)scorer|online_scoring",
    "jobs on the server": r"(?i)store\.jobs|_job\b|Job(Status|Run)|job_(run_)?state|DeploymentJob|entities\._?job",
    "datasets and webhooks of other packages' stores": r"abstract_store\.AbstractStore\.\w*(dataset|webhook)",
    "evaluation datasets": r"DatasetGranularity|EvaluationDataset\.(schema|profile)",
    "evaluation": r"^mlflow\.(evaluate|test|validate_evaluation_results|pytest)\b",
    "projects": r"^mlflow\.run$",
    "what a run was (system metrics)": r"system_metrics",
    "Databricks": r"\.login$|import_checkpoints|get_default_host_creds",
    "MLflow's own housekeeping": r"set_telemetry_client|LazyLoader|maybe_hint_tracing_skill|CONFIGURE_LOGGING"
    r"|(search|order)able_attribute|_DatasetSummary|dataset_summary|(ModelVersion|RegisteredModel)Search"
    r"|(model_version|registered_model)_search",
}

#: Names that are there and take something else than MLflow's, and why.
OTHERWISE = {
    "mlflow.MlflowException": "without a code an error has that of its class",
    "mlflow.exceptions.MlflowException": "the same",
    "mlflow.exceptions.ExecutionException": "the same",
    "mlflow.exceptions.InvalidUrlException": "the same",
    "mlflow.exceptions.MissingConfigException": "the same",
    "mlflow.exceptions.RestException": "refusals of servers are raised as the class their code stands for",
    "mlflow.entities.metric.MetricWithRunId": "is read, and made by the store alone",
    "mlflow.entities.metric.MetricWithRunId.to_dict": "the same",
}


def absence(name: str) -> str | None:
    """What a name waits for; None for one that is to be there."""
    return next((family for family, pattern in FAMILIES.items() if re.search(pattern, name)), None)
