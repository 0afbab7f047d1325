"""Methods of MLflow's client that headrace does not have yet."""

from __future__ import annotations

ABSENT = frozenset(
    """
    create_mcp_access_endpoint create_mcp_server
    create_mcp_server_version create_prompt create_prompt_version create_workspace
    delete_mcp_access_endpoint delete_mcp_server delete_mcp_server_alias
    delete_mcp_server_tag delete_mcp_server_version delete_mcp_server_version_tag delete_prompt
    delete_prompt_alias delete_prompt_tag delete_prompt_version delete_prompt_version_tag delete_trace_tag
    delete_traces delete_workspace detach_prompt_from_run end_span end_trace
    get_latest_mcp_server_version get_mcp_access_endpoint get_mcp_server get_mcp_server_version
    get_mcp_server_version_by_alias get_prompt get_prompt_version get_prompt_version_by_alias get_trace
    get_workspace get_workspace_store_uri link_prompt_version_to_model link_prompt_version_to_run
    link_prompt_versions_to_trace link_traces_to_run list_logged_prompts list_workspaces
    load_prompt parse_prompt_uri refresh_mcp_server_version_tools register_prompt
    search_mcp_access_endpoints search_mcp_server_versions
    search_mcp_servers search_prompt_versions search_prompts search_traces set_mcp_server_alias
    set_mcp_server_tag set_mcp_server_version_tag set_prompt_alias set_prompt_tag set_prompt_version_tag
    set_trace_tag start_span start_trace unlink_traces_from_run update_mcp_access_endpoint
    update_mcp_server update_mcp_server_version update_workspace
    """.split()
)
