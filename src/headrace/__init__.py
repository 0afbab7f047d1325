"""Headrace: a platform for the machine-learning lifecycle that speaks MLflow's protocol, formats and Python API."""

__version__ = "0.1.0"
