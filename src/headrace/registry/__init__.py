"""Registered models, as the user calls them."""

from headrace.registry.models import (
    register_model,
    search_model_versions,
    search_registered_models,
    set_model_version_tag,
)

__all__ = ["register_model", "search_model_versions", "search_registered_models", "set_model_version_tag"]
