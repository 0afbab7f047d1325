"""How pipelines of Hugging Face's transformers are asked, and what their answers are made into, by their task."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.signature import ModelSignature
from headrace.models.types import ColSpec, DataType, Schema, TensorSpec

_TEXTS = frozenset(
    """
    feature-extraction fill-mask ner summarization text-classification sentiment-analysis text-generation
    text2text-generation token-classification translation conversational
    """.split()
)
_AUDIO = frozenset(["audio-classification", "automatic-speech-recognition"])
_LABELS = frozenset("audio-classification image-classification sentiment-analysis text-classification".split())
#: Names of a request's fields, and the kinds of the columns.
Columns = dict[str | None, DataType]


def signature_of(task: str) -> ModelSignature | None:
    """The signature that models of a task have unless told otherwise; None for a task without one."""
    text, number = DataType.string, DataType.double
    plain: Columns = {None: text}
    labels: Columns = {"label": text, "score": number}
    known: dict[str, tuple[Columns, Columns]] = {
        **dict.fromkeys(_TEXTS - {"feature-extraction"}, (plain, plain)),
        **dict.fromkeys(["text-classification", "sentiment-analysis", "image-classification"], (plain, labels)),
        "audio-classification": ({None: DataType.binary}, {"score": number, "label": text}),
        "automatic-speech-recognition": ({None: DataType.binary}, plain),
        "question-answering": ({"question": text, "context": text}, plain),
        "table-question-answering": ({"query": text, "table": text}, plain),
        "zero-shot-classification": (
            {"sequences": text, "candidate_labels": text, "hypothesis_template": text},
            {"sequence": text, "labels": text, "scores": number},
        ),
    }
    if task == "feature-extraction":
        import numpy

        vectors = Schema([TensorSpec(numpy.dtype("float64"), [-1], "double")])
        return ModelSignature(_schema(plain), vectors)
    if task not in known:
        return None
    asked, answered = known[task]
    return ModelSignature(_schema(asked), _schema(answered))


def ask(pipeline: Any, task: str, data: Any, told: Mapping[str, Any], template: str | None) -> Any:
    """What a pipeline makes of ``data``; texts are put into ``template`` at ``{prompt}`` first."""
    asked = _asked(task, data)
    if template is not None:
        asked = [template.format(prompt=each) for each in asked] if isinstance(asked, list) else asked
    if task == "table-question-answering":
        asked = [{**each, "table": _table(each.get("table"))} for each in asked]
    try:
        if task == "zero-shot-classification":
            answers = [pipeline(**each, **told) for each in asked]
        else:
            answers = pipeline(asked, **told)
    except (TypeError, ValueError, KeyError) as error:
        raise BadRequest(f"The {task} pipeline does not take this: {error}") from error
    return _ANSWERS.get(task, _as_it_is)(answers)


def _schema(columns: Columns) -> Schema:
    return Schema([ColSpec(kind, name) for name, kind in columns.items()])


def _asked(task: str, data: Any) -> Any:
    if hasattr(data, "columns"):
        data = data.iloc[:, 0].tolist() if len(data.columns) == 1 else data.to_dict(orient="records")
    if task in _AUDIO:
        return [_audio(each) for each in (data if isinstance(data, list) else [data])]
    if hasattr(data, "tolist") and task in _TEXTS:
        data = data.tolist()
    found = _listed(data)
    if task == "zero-shot-classification":
        return [_zero_shot(each) for each in found]
    if task in _TEXTS and not all(isinstance(each, str | dict) for each in found):
        raise BadRequest(f"A {task} pipeline is asked with a text, a list of texts, or a column of them")
    return [_image(each) for each in found] if task.startswith("image-") else found


def _listed(data: Any) -> list[Any]:
    return list(data) if isinstance(data, list | tuple) else [data]


def _zero_shot(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict) or not {"sequences", "candidate_labels"} <= said.keys():
        raise BadRequest("A zero-shot classifier is asked with 'sequences' and 'candidate_labels'")
    return {
        name: _decoded(value.tolist() if hasattr(value, "tolist") else value)
        for name, value in said.items()
        if value is not None
    }


def _decoded(value: Any) -> Any:
    """A list that a column of texts holds as JSON; any other value as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _table(said: Any) -> Any:
    if isinstance(said, str):
        try:
            return json.loads(said)
        except ValueError as error:
            raise BadRequest(f"'table' must be a JSON object of columns: {error}") from error
    return said


def _audio(said: Any) -> Any:
    """Bytes of a file or numbers; bytes may come in base64, as JSON has them."""
    if isinstance(said, str):
        try:
            return base64.b64decode(said, validate=True)
        except binascii.Error:
            return said  # A place, which the library opens.
    return said


def _image(said: Any) -> Any:
    from io import BytesIO

    if isinstance(said, str):
        try:
            said = base64.b64decode(said, validate=True)
        except binascii.Error:
            return said  # A place, which the library opens.
    if not isinstance(said, bytes):
        return said
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(BytesIO(said))
    except UnidentifiedImageError as error:
        raise BadRequest(f"This is no image: {error}") from error


def _as_it_is(answers: Any) -> Any:
    return answers


def _labels(answers: Any) -> Any:
    import pandas

    return pandas.DataFrame(answers)


def _zero_shot_rows(answers: Any) -> Any:
    import pandas

    each = [one for answer in answers for one in (answer if isinstance(answer, list) else [answer])]
    rows = [(one["sequence"], *pair) for one in each for pair in zip(one["labels"], one["scores"], strict=True)]
    return pandas.DataFrame(rows, columns=["sequence", "labels", "scores"])


def _texts(answers: Any) -> list[str]:
    """The text of each answer; of several for one question, the first."""
    return [_text(each[0] if isinstance(each, list) else each) for each in _listed(answers)]


def _text(said: Any) -> str:
    names = ("generated_text", "summary_text", "translation_text", "answer", "text", "token_str")
    return next((str(said[name]) for name in names if name in said), str(said))


def _entities(answers: Any) -> list[str]:
    rows = answers if answers and isinstance(answers[0], list) else [answers]
    return [",".join(str(each.get("entity_group", each.get("entity"))) for each in row) for row in rows]


def _vectors(answers: Any) -> Any:
    """A row for each token of a text; for several texts, such an array for each."""
    import numpy

    arrays = [numpy.asarray(each)[0] if numpy.ndim(each) == 3 else numpy.asarray(each) for each in answers]
    if len(arrays) == 1:
        return arrays[0]
    return numpy.stack(arrays) if len({each.shape for each in arrays}) == 1 else arrays


_ANSWERED = {"automatic-speech-recognition", "question-answering", "table-question-answering"}
_ANSWERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_TEXTS | _ANSWERED, _texts),
    **dict.fromkeys(_LABELS, _labels),
    **dict.fromkeys(["ner", "token-classification"], _entities),
    "feature-extraction": _vectors,
    "zero-shot-classification": _zero_shot_rows,
}
