"""DSPy programs asked as a ``python_function``, under the settings they were saved with.

The classes, and what they hold, go by the names that MLflow's pickles of DSPy have for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headrace.base.errors import BadRequest, NotSupported
from headrace.models.asking import each_of, plain
from headrace.models.python_model import PythonModel
from headrace.models.secrets import is_name_of_secret

#: What belongs to the process that a program runs in, not to the program.
_OF_PROCESS = {"callbacks", "caller_modules", "caller_predict", "send_stream", "stream_listeners", "trace"}
_OF_PROCESS |= {"usage_tracker", "disable_history"}


class DspyModelWrapper(PythonModel):
    """A program, and the settings of DSPy that it is asked under."""

    def __init__(
        self,
        model: Any,
        dspy_settings: dict[str, Any],
        model_config: dict[str, Any] | None = None,
        output_schema: Any = None,
    ) -> None:
        self.model = model
        self.dspy_settings = dspy_settings
        self.model_config = model_config or {}
        self.output_schema = output_schema

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # type: ignore[override]
        """The program's answer to a dict of its inputs, or to a text; a list of them has an answer each."""
        with self._settings():
            return each_of(model_input, lambda asked: self._told(self._ask(self.model, asked)))

    def predict_stream(self, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:  # type: ignore[override]
        """The parts of each field of the answer to one input, as they come."""
        import dspy
        from dspy.streaming import StreamListener, StreamResponse

        names = self.output_schema.input_names() if self.output_schema else []
        if not names:
            raise NotSupported("Save the model with an input example or a signature: the fields it names are streamed")
        fields = [StreamListener(name, allow_reuse=True) for name in names]
        streamed = dspy.streamify(self.model, stream_listeners=fields, async_streaming=False)
        with self._settings():
            for part in each_of(model_input, lambda asked: self._ask(streamed, asked)):
                if isinstance(part, StreamResponse):
                    yield vars(part)

    def get_raw_model(self) -> Any:
        """The program."""
        return self.model

    def _settings(self) -> Any:
        import dspy

        return dspy.context(**{name: value for name, value in self.dspy_settings.items() if name not in _OF_PROCESS})

    @staticmethod
    def _ask(program: Any, asked: Any) -> Any:
        return program(**asked) if isinstance(asked, dict) else program(asked)

    @staticmethod
    def _told(answer: Any) -> Any:
        return plain(_dict(answer))


class DspyChatModelWrapper(DspyModelWrapper):
    """A program that takes a list of messages, asked and answering in the manner of OpenAI."""

    @staticmethod
    def _ask(program: Any, asked: Any) -> Any:
        if not isinstance(asked, dict) or not isinstance(asked.get("messages"), list):
            raise BadRequest("A chat is asked with {'messages': […]}")
        return program(asked["messages"])

    @staticmethod
    def _told(answer: Any) -> Any:
        choices = [_choice(each) for each in (answer if isinstance(answer, list) else [answer])]
        return {"choices": choices}


def settings_now() -> dict[str, Any]:
    """The settings of DSPy in this process, as far as they are a program's."""
    import dspy

    kept = {name: value for name, value in dspy.settings.copy().items() if name not in _OF_PROCESS}
    # MLflow adds its own to these when it loads the program.
    return kept | {"callbacks": []}


def without_keys(program: Any, settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Copies of a program and its settings whose language models have no keys."""
    copied = program.deepcopy()
    for predictor in copied.predictors():
        if predictor.lm is not None:
            predictor.lm = _keyless(predictor.lm)
    return copied, {name: _keyless(value) for name, value in settings.items()}


def with_language_model(program: Any, settings: dict[str, Any]) -> Any:
    """``program``, whose predictors have the language model of ``settings`` where they had none."""
    for predictor in program.predictors():
        predictor.lm = predictor.lm or settings.get("lm")
    return program


def _keyless(value: Any) -> Any:
    import dspy

    if not isinstance(value, dspy.BaseLM):
        return value
    return value.copy(**dict.fromkeys(name for name in value.kwargs if is_name_of_secret(name)))


def _choice(answer: Any) -> dict[str, Any]:
    said = _dict(answer)
    if not isinstance(said, str | dict):
        raise BadRequest(f"A chat answers a text, a dict or a Prediction, or a list of them, not {type(said).__name__}")
    text = said if isinstance(said, str) else json.dumps(plain(said))
    return {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}


def _dict(answer: Any) -> Any:
    import dspy

    return answer.toDict() if isinstance(answer, dspy.Prediction) else answer
