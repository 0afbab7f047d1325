"""What chat models and agents are asked and answer: fields, and what is refused of them."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from pydantic import ValidationError

from headrace.models.types import agent, chat, llm, responses
from headrace.models.types.records import faults

_CALL = {"id": "1", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: llm.ChatMessage("user"), "'content' is required"),
        (lambda: llm.ChatMessage(3, "a"), "'role' must be of type str, not int"),  # type: ignore[arg-type]
        (lambda: llm.ChatMessage("user", 3), "'content' must be of type str, not int"),  # type: ignore[arg-type]
        (lambda: llm.ChatMessage("user", ["x"]), r"'content\[0\]' must be an object"),  # type: ignore[list-item]
        (lambda: llm.ChatMessage("assistant", "a", refusal="no"), "exclude each other"),
        (lambda: llm.ChatMessage("assistant", tool_calls="x"), "'tool_calls' must be a list"),  # type: ignore[arg-type]
        (lambda: llm.ChatParams(temperature=1), "'temperature' must be of type float, not int"),
        (lambda: llm.ChatParams(top_p=True), "'top_p' must be of type float, not bool"),
        (lambda: llm.ChatParams(n=None), "'n' is required"),  # type: ignore[arg-type]
        (lambda: llm.ChatParams(stop="x"), "'stop' must be a list, not str"),  # type: ignore[arg-type]
        (lambda: llm.ChatParams(custom_inputs={3: 4}), "keys of 'custom_inputs'"),  # type: ignore[dict-item]
        (lambda: llm.ParamType("x"), "'type' must be one of"),  # type: ignore[arg-type]
        (lambda: llm.ToolParamsSchema({"a": 3}), "'properties.a' must be a ParamProperty"),  # type: ignore[dict-item]
        (lambda: llm.ChatCompletionRequest(messages=[{"role": "user"}]), r"In 'messages\[0\]': 'content' is required"),  # type: ignore[list-item]
        (lambda: llm.ChatMessage.from_dict([]), "must be an object"),  # type: ignore[arg-type]
    ],
)
def test_a_record_names_the_field_that_does_not_fit(make: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make()


def test_dicts_in_a_record_become_records_and_dicts_again() -> None:
    said = {
        "messages": [{"role": "assistant", "tool_calls": [_CALL]}, {"role": "user", "content": [{"type": "text"}]}],
        "tools": [{"function": {"name": "f", "parameters": {"properties": {"a": {"type": "string"}}}}}],
        "unknown": 1,
    }
    request = llm.ChatCompletionRequest.from_dict(said)
    assert request.messages[0].tool_calls == [llm.ToolCall(llm.FunctionToolCallArguments("f", "{}"), id="1")]
    assert request.tools is not None
    assert request.tools[0].function.parameters == llm.ToolParamsSchema({"a": llm.ParamProperty("string")})
    again = request.to_dict()
    assert again["messages"][0] == {"role": "assistant", "tool_calls": [{**_CALL, "type": "function"}]}
    assert (again["temperature"], again["n"], again["stream"]) == (1.0, 1, False)
    assert "unknown" not in again
    assert "max_tokens" not in again


def test_a_function_becomes_a_tool_and_a_call() -> None:
    assert llm.FunctionToolDefinition("f").to_tool_definition().to_dict() == {
        "function": {"name": "f", "strict": False},
        "type": "function",
    }
    called = llm.FunctionToolCallArguments("f", "{}")
    assert called.to_tool_call(id="9").id == "9"
    assert called.to_tool_call().id != called.to_tool_call().id
    assert chat.Function(name="f").to_tool_call("8").model_dump() == {
        "id": "8",
        "type": "function",
        "function": {"name": "f", "arguments": None},
    }


@pytest.mark.parametrize(
    ("kind", "said", "why"),
    [
        (agent.ChatAgentMessage, {"role": "user"}, "'content' or 'tool_calls'"),
        (agent.ChatAgentMessage, {"role": "tool", "content": "a", "name": "n"}, "'name' and 'tool_call_id'"),
        (agent.ChatAgentResponse, {"messages": [{"role": "assistant", "content": "a"}]}, "needs an 'id'"),
        (agent.ChatAgentResponse, {"messages": [{"role": "a", "content": "a", "id": "1"}] * 2}, "'id' of its own"),
        (agent.ChatAgentChunk, {"delta": {"role": "assistant", "content": "a"}}, "'delta' needs an 'id'"),
        (chat.ChatCompletionRequest, {"messages": []}, "messages: List should have at least 1 item"),
        (chat.ChatCompletionRequest, {"messages": [{"role": "u"}], "n": 0}, "n: Input should be greater"),
        (responses.ResponsesAgentRequest, {"input": "x"}, "input: Input should be a valid list"),
        (responses.ResponsesAgentRequest, {"input": [{"role": "x", "content": "y"}]}, "input.0: 'role' must be"),
        (responses.ResponsesAgentRequest, {"input": [{"role": "user", "content": [{"type": "x"}]}]}, "'type' of a"),
        (responses.ResponsesAgentResponse, {"output": [{"type": "x"}]}, "'type' of an item must be one of"),
        (responses.ResponsesAgentResponse, {"output": [{"type": "function_call"}]}, "output.0.arguments: Field"),
        (responses.ResponsesAgentResponse, {"output": [{"type": "message", "id": "1", "content": []}]}, "empty list"),
        (responses.ResponsesAgentStreamEvent, {"type": "response.output_text.delta"}, "delta: Field required; item_id"),
        (responses.ResponsesAgentStreamEvent, {"type": "error"}, "message: Field required"),
    ],
)
def test_a_record_of_an_agent_says_which_fields_do_not_fit(kind: Any, said: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        kind.model_validate(said)
    assert why in faults(refused.value)


def test_words_that_services_bring_anew_are_a_warning() -> None:
    with pytest.warns(UserWarning, match="tool_choice 'weird' is not known"):
        assert responses.ResponsesAgentResponse(output=[], tool_choice="weird").tool_choice == "weird"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert responses.ResponsesAgentStreamEvent.model_validate({"type": "new", "x": 1}).model_dump()["x"] == 1


def _chunks(*deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": "c", "choices": [{"delta": each}]} for each in deltas]


def test_a_streamed_completion_becomes_items() -> None:
    call = {"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": '{"a"'}}]}
    rest = {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}
    thought = {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}]}
    gathered: list[dict[str, Any]] = []
    chunks = [*_chunks(thought, {"content": "he"}, {"content": "llo"}), {"choices": []}, *_chunks(call, rest)]
    told = [
        each.model_dump(exclude_none=True)
        for each in responses.output_to_responses_items_stream(iter(chunks), gathered)
    ]
    assert [each.get("delta") for each in told] == [None, "he", "llo", None, None]
    assert gathered == [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "id": "c"},
        responses.create_text_output_item("hello", "c"),
        responses.create_function_call_item("c", "t", "f", '{"a":1}'),
    ]
    assert responses.responses_agent_output_reducer(list(told))["output"] == gathered


def test_items_become_messages_of_chat_completions() -> None:
    said = [
        responses.Message(role="user", content="q"),
        responses.create_text_output_item("a", "1"),
        responses.create_function_call_item("2", "c", "f", "{}"),
        responses.create_function_call_output_item("c", "o"),
        responses.create_reasoning_item("3", "r"),
        responses.create_mcp_approval_response_item("4", "p", True),
        {"type": "web_search_call", "id": "5"},
    ]
    assert responses.to_chat_completions_input(said) == [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a"},
        {
            "role": "assistant",
            "content": "tool call",
            "tool_calls": [{"id": "c", "type": "function", "function": {"arguments": "{}", "name": "f"}}],
        },
        {"role": "tool", "content": "o", "tool_call_id": "c"},
        {"role": "assistant", "content": '[{"type": "summary_text", "text": "r"}]'},
        {"role": "tool", "content": "True", "tool_call_id": "p"},
    ]
