"""Pipelines of transformers, and what language models among them answer."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import transformers as hf

from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import pyfunc, transformers
from headrace.models import infer_signature
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say
from tests.libraries import tiny
from tests.libraries.genuine import arguments, genuine

TEXTS = ["the cat sat", "a good dog"]
ZERO = {"entailment": 2, "neutral": 1, "contradiction": 0}
GREEDY: dict[str, Any] = {"do_sample": False, "max_new_tokens": 4}
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "hello world"}], "max_tokens": 5}


def classifier() -> Any:
    return hf.pipeline(
        "text-classification", model=tiny.bert("BertForSequenceClassification"), tokenizer=tiny.tokenizer()
    )


def generator() -> Any:
    model, words = tiny.llama()
    return hf.pipeline("text-generation", model=model, tokenizer=words)


def embedder() -> Any:
    return hf.pipeline("feature-extraction", model=tiny.bert(), tokenizer=tiny.tokenizer())


def saved(model: Any, folder: Path, **told: Any) -> pyfunc.PyFuncModel:
    """``model``, saved and loaded."""
    transformers.save_model(model, str(folder), pip_requirements=[], **told)
    return pyfunc.load_model(str(folder))


class TestTransformers(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return transformers.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return hf.pipeline("feature-extraction", model=tiny.bert(), tokenizer=tiny.tokenizer())

    @pytest.fixture
    def data(self) -> Any:
        return TEXTS

    def test_a_model_with_a_file_missing_says_which(self, saved: Path) -> None:
        (saved / "model" / "model.safetensors").unlink()
        with pytest.raises(BadRequest, match=r"model\.safetensors"):
            pyfunc.load_model(str(saved))


def test_labels_are_a_frame_and_params_are_asked_for(tmp_path: Path) -> None:
    pipeline = classifier()
    loaded = saved(pipeline, tmp_path / "m", signature=infer_signature(TEXTS, params={"top_k": 1}))
    assert loaded.predict(TEXTS, params={"top_k": 2}).shape == (2, 2)
    plain = saved(pipeline, tmp_path / "n")
    answer = plain.predict(TEXTS)
    assert answer.columns.tolist() == ["label", "score"]
    assert answer["score"].tolist() == pytest.approx([each["score"] for each in pipeline(TEXTS)])
    assert plain.predict(TEXTS[0]).shape == (1, 2)
    assert plain.predict(pd.DataFrame({"any": TEXTS}))["label"].tolist() == answer["label"].tolist()


def test_words_and_entities_are_texts(tmp_path: Path) -> None:
    words = tiny.tokenizer()
    filler = hf.pipeline("fill-mask", model=tiny.bert("BertForMaskedLM"), tokenizer=words)
    masked = ["the [MASK] sat", "a [MASK]"]
    expected = [each[0]["token_str"] for each in filler(masked)]
    assert saved(filler, tmp_path / "f").predict(masked) == expected
    tagger = hf.pipeline("token-classification", model=tiny.bert("BertForTokenClassification"), tokenizer=words)
    assert [len(each.split(",")) for each in saved(tagger, tmp_path / "t").predict(TEXTS)] == [3, 3]


def test_a_zero_shot_classifier_gives_a_row_for_each_text_and_label(tmp_path: Path) -> None:
    model = tiny.bert("BertForSequenceClassification", num_labels=3, label2id=ZERO)
    pipeline = hf.pipeline("zero-shot-classification", model=model, tokenizer=tiny.tokenizer())
    loaded = saved(pipeline, tmp_path / "m", signature=False)
    said = {"sequences": TEXTS, "candidate_labels": ["good", "bad"], "hypothesis_template": "the {}"}
    answer = loaded.predict(said)
    assert answer.columns.tolist() == ["sequence", "labels", "scores"]
    assert answer["sequence"].tolist() == [TEXTS[0]] * 2 + [TEXTS[1]] * 2
    as_text = loaded.predict({"sequences": TEXTS[0], "candidate_labels": '["good", "bad"]'})
    assert sorted(as_text["labels"]) == ["bad", "good"]
    with pytest.raises(BadRequest, match="candidate_labels"):
        loaded.predict("the cat")


def test_an_image_is_bytes_or_their_base64(tmp_path: Path) -> None:
    from PIL import Image

    torch.manual_seed(0)
    config = hf.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, image_size=8, patch_size=4
    )
    looks = hf.ViTImageProcessorPil(size={"height": 8, "width": 8})
    pipeline = hf.pipeline("image-classification", model=hf.ViTForImageClassification(config), image_processor=looks)
    loaded = saved(pipeline, tmp_path / "m", signature=False)
    drawn = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(drawn, "PNG")
    answer = loaded.predict([base64.b64encode(drawn.getvalue()).decode()])
    assert len(answer) == 1
    assert answer.shape == loaded.predict([drawn.getvalue()]).shape
    with pytest.raises(BadRequest, match="no image"):
        loaded.predict([b"no picture at all"])


def test_texts_go_on_as_they_are_told_to(tmp_path: Path) -> None:
    pipeline = generator()
    loaded = saved(pipeline, tmp_path / "m", model_config=GREEDY)
    expected = [each[0]["generated_text"] for each in pipeline(TEXTS, **GREEDY)]
    assert loaded.predict(TEXTS) == expected
    assert loaded.model_config == GREEDY
    shorter = pyfunc.load_model(str(tmp_path / "m"), model_config={"max_new_tokens": 1}).predict(TEXTS[0])
    assert expected[0].startswith(shorter[0])


def test_a_template_surrounds_what_is_asked_and_does_not_come_back(tmp_path: Path) -> None:
    pipeline = generator()
    loaded = saved(pipeline, tmp_path / "m", model_config=GREEDY, prompt_template="hello {prompt} day")
    whole = pipeline("hello the cat day", return_full_text=False, **GREEDY)[0]["generated_text"]
    assert loaded.predict("the cat") == [whole]
    assert loaded.metadata.metadata == {"prompt_template": "hello {prompt} day"}
    for wrong in ("no place", "{prompt} {prompt}", "{other}", 7):
        with pytest.raises(BadRequest, match="prompt_template"):
            saved(pipeline, tmp_path / "n", prompt_template=wrong)
    with pytest.raises(BadRequest, match="prompt_template"):
        saved(classifier(), tmp_path / "n", prompt_template="{prompt}")


def test_a_chat_is_answered_as_openai_does(tmp_path: Path) -> None:
    pipeline = generator()
    loaded = saved(pipeline, tmp_path / "m", task="llm/v1/chat")
    asked = {**CHAT, "temperature": 0.0}
    [answer] = loaded.predict(asked)
    prompt = pipeline.tokenizer.apply_chat_template(CHAT["messages"], tokenize=False, add_generation_prompt=True)
    text = pipeline(prompt, do_sample=False, max_new_tokens=5, return_full_text=False, add_special_tokens=False)
    [choice] = answer["choices"]
    assert choice["message"] == {"role": "assistant", "content": text[0]["generated_text"].strip()}
    assert (answer["object"], answer["model"]) == ("chat.completion", "")
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"]
    assert (choice["finish_reason"] == "length") == (answer["usage"]["completion_tokens"] == 5)
    several = loaded.predict({**CHAT, "n": 3, "temperature": 1.0, "stop": ["dog"]})[0]["choices"]
    assert [each["index"] for each in several] == [0, 1, 2]
    assert loaded.metadata.metadata == {"task": "llm/v1/chat"}
    json.dumps(answer)


def test_a_completion_goes_on_from_each_prompt(tmp_path: Path) -> None:
    loaded = saved(generator(), tmp_path / "m", task="llm/v1/completions", model_config={"temperature": 0.0})
    [answer] = loaded.predict({"prompt": "the cat", "max_tokens": 3})
    assert answer["object"] == "text_completion"
    assert answer["choices"][0]["text"]
    two = loaded.predict(pd.DataFrame({"prompt": ["the cat", "a dog"], "max_tokens": [3, 3]}))
    assert two[0]["choices"] == answer["choices"]
    with pytest.raises(BadRequest, match="'messages'"):
        transformers.Asked(generator(), "llm/v1/chat", {}, None).predict({"prompt": "the cat"})


def test_embeddings_are_a_vector_for_each_text(tmp_path: Path) -> None:
    pipeline = embedder()
    loaded = saved(pipeline, tmp_path / "m", task="llm/v1/embeddings")
    answer = loaded.predict({"input": TEXTS})
    first = [np.asarray(each)[0, 0] for each in pipeline(TEXTS)]
    assert [each["embedding"] for each in answer["data"]] == pytest.approx(np.asarray(first), abs=1e-5)
    assert answer["usage"] == {"prompt_tokens": 10, "total_tokens": 10}


def test_a_task_that_a_model_cannot_do_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="llm/v1/completions"):
        saved(generator(), tmp_path / "m", task="llm/v1/embeddings")
    for model, said in (
        ("here", "task"),
        ({"tokenizer": 1}, "'model'"),
        ({"model": 1, "x": 2}, "'x'"),
        (7, "no pipeline"),
    ):
        with pytest.raises(BadRequest, match=said):
            saved(model, tmp_path / "m")
    with pytest.raises(BadRequest, match="say task="):
        saved({"model": tiny.bert()}, tmp_path / "m")
    with pytest.raises(BadRequest, match="hub"):
        saved(generator(), tmp_path / "m", save_pretrained=False)
    assert list(tmp_path.iterdir()) == []


def test_components_and_types_of_numbers_are_as_one_asks(tmp_path: Path) -> None:
    model, words = tiny.llama()
    loaded = saved(
        {"model": model, "tokenizer": words}, tmp_path / "m", model_config=GREEDY, torch_dtype=torch.bfloat16
    )
    assert loaded.get_raw_model().model.dtype == torch.bfloat16
    parts = transformers.load_model(str(tmp_path / "m"), return_type="components", torch_dtype=torch.float16)
    assert parts["model"].dtype == torch.float16
    assert set(parts) == {"task", "dtype", "model", "tokenizer"}
    with pytest.raises(BadRequest, match="'components'"):
        transformers.load_model(str(tmp_path / "m"), return_type="both")


def test_an_adapter_comes_back_on_its_base(tmp_path: Path) -> None:
    import peft

    model, words = tiny.llama()
    model.save_pretrained(tmp_path / "base")
    base = hf.AutoModelForCausalLM.from_pretrained(str(tmp_path / "base"))
    adapted = peft.get_peft_model(base, peft.LoraConfig(target_modules=["q_proj"], r=2, task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, each in adapted.named_parameters():
            if "lora_B" in name:
                each.fill_(0.5)
    whole = {"model": adapted, "tokenizer": words}
    ids = torch.tensor([[2, 5, 7]])
    expected = adapted(ids).logits.detach().numpy()
    for name, told in {"whole": {}, "apart": {"base_model_path": str(tmp_path / "base")}}.items():
        loaded = saved(whole, tmp_path / name, task="text-generation", **told)
        assert (tmp_path / name / "model").is_dir() == (name == "whole")
        assert (tmp_path / name / "peft" / "adapter_model.safetensors").is_file()
        assert loaded.get_raw_model().model(ids).logits.detach().numpy() == pytest.approx(expected, abs=1e-5)
        with genuine() as mlflow:
            theirs = mlflow.transformers.load_model(str(tmp_path / name)).model
            assert theirs(ids).logits.detach().numpy() == pytest.approx(expected, abs=1e-5)
    with pytest.raises(BadRequest, match="base_model_path"):
        transformers.load_model(str(tmp_path / "apart"), base_model_path=str(tmp_path / "gone"))


def test_a_model_of_the_hub_is_named_by_its_version_until_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    version = "a" * 40
    hub = tmp_path / "hub" / "models--tiny--cat"
    model, words = tiny.llama()
    for each in (model, words):
        each.save_pretrained(hub / "snapshots" / version)
    (hub / "refs").mkdir()
    (hub / "refs" / "main").write_text(version)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    pipeline = hf.pipeline("text-generation", model="tiny/cat")
    loaded = saved(pipeline, tmp_path / "m", save_pretrained=False, model_config=GREEDY)
    assert not (tmp_path / "m" / "model").exists()
    own = loaded.metadata.flavors["transformers"]
    assert (own["source_model_name"], own["source_model_revision"]) == ("tiny/cat", version)
    expected = loaded.predict(TEXTS)
    transformers.persist_pretrained_model(str(tmp_path / "m"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "nowhere"))
    kept = pyfunc.load_model(str(tmp_path / "m"))
    assert kept.predict(TEXTS) == expected
    assert (tmp_path / "m" / "model" / "model.safetensors").is_file()
    transformers.persist_pretrained_model(str(tmp_path / "m"))


class Bomb:
    """Does something when it is read."""

    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ["BOMB"],)


def test_weights_run_nothing_and_a_pickle_among_them_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOMB", str(tmp_path / "crater"))
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    saved(classifier(), tmp_path / "m").predict(TEXTS)
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == []
    inside = tmp_path / "m" / "model"
    (inside / "model.safetensors").unlink()
    change(tmp_path / "m", "MLmodel", lambda text: text)
    for bomb in (lambda file: torch.save(Bomb(), file), lambda file: file.write_bytes(pickle.dumps(Bomb()))):
        bomb(inside / "pytorch_model.bin")
        for load in (transformers.load_model, pyfunc.load_model):
            with pytest.raises(Untrusted, match=r"pytorch_model\.bin"):
                load(str(tmp_path / "m"))
    assert not (tmp_path / "crater").exists()


@pytest.mark.parametrize("named", ["os.system", "Trainer", "pipeline", 7])
def test_a_model_cannot_name_any_class(named: Any, tmp_path: Path) -> None:
    saved(classifier(), tmp_path / "m")
    say(tmp_path / "m", "transformers", pipeline_model_type=named)
    with pytest.raises(BadRequest, match=str(named)):
        pyfunc.load_model(str(tmp_path / "m"))


KINDS: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "labels": (classifier, {}, TEXTS),
    "example": (classifier, {"input_example": TEXTS}, TEXTS),
    "vectors": (embedder, {}, TEXTS[0]),
    "texts": (generator, {"model_config": GREEDY}, TEXTS),
    "template": (generator, {"model_config": GREEDY, "prompt_template": "a {prompt}"}, TEXTS),
    "chat": (generator, {"task": "llm/v1/chat", "model_config": {"do_sample": False}}, CHAT),
    "completions": (
        generator,
        {"task": "llm/v1/completions", "model_config": {"do_sample": False}},
        {"prompt": "the cat", "max_tokens": 4},
    ),
    "embeddings": (embedder, {"task": "llm/v1/embeddings"}, {"input": TEXTS}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_models_go_both_ways(kind: str, tmp_path: Path) -> None:
    make, told, asked = KINDS[kind]
    pipeline = make()
    saved(pipeline, tmp_path / "ours", **told)
    with genuine() as mlflow:
        mlflow.transformers.save_model(pipeline, str(tmp_path / "theirs"), pip_requirements=[], **told)
        theirs = _plain(mlflow.pyfunc.load_model(str(tmp_path / "ours")).predict(asked))
    ours = _plain(pyfunc.load_model(str(tmp_path / "theirs")).predict(asked))
    assert ours == pytest.approx(theirs, abs=1e-5) if kind in ("vectors", "embeddings") else ours == theirs
    mine, said = (Model.load(tmp_path / who).to_dict() for who in ("ours", "theirs"))
    assert mine["flavors"] == said["flavors"]
    assert mine.get("signature") == said.get("signature")
    assert mine.get("metadata") == said.get("metadata")


def _plain(answer: Any) -> Any:
    if isinstance(answer, pd.DataFrame):
        return [[label, round(score, 5)] for label, score in answer.to_numpy().tolist()]
    if isinstance(answer, dict):
        return np.asarray([each["embedding"] for each in answer["data"]])
    if isinstance(answer, list) and isinstance(answer[0], dict):
        # MLflow counts tokens of the text that was read again, and calls any end a stop.
        return [each.get("text") or each["message"]["content"] for each in (one["choices"][0] for one in answer)]
    return answer


def test_functions_take_what_mlflows_take() -> None:
    names = ["save_model", "log_model", "load_model", "get_default_pip_requirements", "get_default_conda_env"]
    names += ["persist_pretrained_model", "generate_signature_output", "is_gpu_available"]
    ours, theirs = arguments(transformers, *names)
    assert ours == theirs
