"""Language models of transformers asked as OpenAI's are: ``llm/v1`` requests in, answers with their tokens counted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models import tasks

#: What a request calls otherwise than ``generate`` does.
_RENAMED = {"max_tokens": "max_new_tokens", "n": "num_return_sequences", "stop": "stop_strings"}
#: What a request may say that ``generate`` knows nothing of.
_IGNORED = {"custom_inputs", "model", "stream", "tools", "user"}
_USUAL_TOKENS = 20


def answers(pipeline: Any, task: str, data: Any, config: Mapping[str, Any]) -> Any:
    """The answers of ``task``: a list with one for each question, or one with all vectors for embeddings."""
    questions, rest = tasks.asked(task, data)
    if task == tasks.EMBEDDINGS:
        return _embeddings(pipeline, questions)
    told = _settings({**config, **rest})
    return [_answer(pipeline, task, each, dict(told)) for each in questions]


def _settings(said: Mapping[str, Any]) -> dict[str, Any]:
    told = {_RENAMED.get(name, name): value for name, value in said.items() if name not in _IGNORED}
    if "temperature" in told:
        # Zero means the likeliest word each time, which generate calls by another name.
        told["do_sample"] = told["temperature"] > 0
        if not told["do_sample"]:
            del told["temperature"]
    elif told.get("num_return_sequences", 1) > 1:
        told["do_sample"] = True
    told.setdefault("max_new_tokens", _USUAL_TOKENS)
    return told


def _answer(pipeline: Any, task: str, question: Any, told: dict[str, Any]) -> dict[str, Any]:
    import torch

    tokenizer, model = pipeline.tokenizer, pipeline.model
    read = tokenizer(_prompt(tokenizer, task, question), return_tensors="pt", add_special_tokens=task != tasks.CHAT)
    inputs = {name: read[name].to(model.device) for name in ("input_ids", "attention_mask") if name in read}
    before, stops = inputs["input_ids"].shape[1], told.pop("stop_strings", None) or []
    if stops:
        told["stopping_criteria"] = [_stopping(tokenizer, list(stops), before)]
    try:
        with torch.no_grad():
            made = model.generate(**inputs, **told)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"The model does not take this request: {error}") from error
    if not model.config.is_encoder_decoder:
        made = made[:, before:]
    padding = tokenizer.pad_token_id
    texts, total = [], 0
    for row in made.tolist():
        new = [each for each in row if each != padding]
        total += len(new)
        text = tokenizer.decode(new, skip_special_tokens=True)
        text = text[: min((at for each in stops if (at := text.find(each)) >= 0), default=len(text))]
        texts.append((text, "length" if len(new) >= told["max_new_tokens"] else "stop"))
    # A place on the server's disk is nobody's business.
    name = str(model.name_or_path or "")
    return tasks.answer(task, "" if Path(name).is_absolute() else name, texts, before, total)


def _stopping(tokenizer: Any, stops: list[str], before: int) -> Any:
    """What ends a text as soon as one of ``stops`` is in it, whatever tokens it is made of."""
    import torch
    import transformers

    class Stops(transformers.StoppingCriteria):  # type: ignore[misc]
        def __call__(self, rows: Any, scores: Any, **_: Any) -> Any:
            texts = tokenizer.batch_decode(rows[:, before:], skip_special_tokens=True)
            return torch.tensor([any(each in text for each in stops) for text in texts], device=rows.device)

    return Stops()


def _prompt(tokenizer: Any, task: str, question: Any) -> str:
    if task != tasks.CHAT:
        return str(question)
    if not getattr(tokenizer, "chat_template", None):
        raise BadRequest(
            "The model's tokenizer has no chat_template, which says how a conversation is written as one text: set it "
            "before you save the model, or use the task llm/v1/completions"
        )
    prompt: str = tokenizer.apply_chat_template(list(question), tokenize=False, add_generation_prompt=True)
    return prompt


def _embeddings(pipeline: Any, texts: list[str]) -> dict[str, Any]:
    """The vector of each text's first token, which stands for the whole."""
    import torch

    read = pipeline.tokenizer(texts, return_tensors="pt", padding=True, truncation=True)
    inputs = {name: each.to(pipeline.model.device) for name, each in read.items()}
    with torch.no_grad():
        seen = pipeline.model(**inputs).last_hidden_state[:, 0]
    return tasks.embeddings(seen.float().cpu().tolist(), int(read["attention_mask"].sum()))
