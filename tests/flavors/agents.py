"""Conversing models saved and asked by either side: ``python agents.py mlflow|headrace save|ask FOLDER``.

They are defined in the program that runs, as in a notebook, so their pickles hold their classes.
"""

import importlib
import json
import sys
import warnings
from pathlib import Path

SIDE, DO, FOLDER = sys.argv[1:]
mlflow = importlib.import_module(SIDE)
llm = importlib.import_module(f"{SIDE}.types.llm")
agent = importlib.import_module(f"{SIDE}.types.agent")
responses = importlib.import_module(f"{SIDE}.types.responses")
warnings.simplefilter("ignore")


class Chat(mlflow.pyfunc.ChatModel):
    def predict(self, context, messages, params):
        answer = llm.ChatMessage(role="assistant", content=f"{messages[-1].content} at {params.temperature}")
        return llm.ChatCompletionResponse(choices=[llm.ChatChoice(message=answer)], model="m", id="1", created=1)

    def predict_stream(self, context, messages, params):
        for word in messages[-1].content.split():
            delta = llm.ChatChoiceDelta(content=word)
            yield llm.ChatCompletionChunk(choices=[llm.ChatChunkChoice(delta=delta)], model="m", id="1", created=1)


class Agent(mlflow.pyfunc.ChatAgent):
    def predict(self, messages, context=None, custom_inputs=None):
        said = agent.ChatAgentMessage(role="assistant", content=messages[-1].content, id="1")
        return agent.ChatAgentResponse(messages=[said], custom_outputs=custom_inputs)

    def predict_stream(self, messages, context=None, custom_inputs=None):
        for word in messages[-1].content.split():
            yield agent.ChatAgentChunk(delta=agent.ChatAgentMessage(role="assistant", content=word, id="1"))


class Responder(mlflow.pyfunc.ResponsesAgent):
    def predict(self, request):
        item = self.create_text_output_item(request.input[-1].content, "1")
        return responses.ResponsesAgentResponse(output=[item], custom_outputs=request.custom_inputs)

    def predict_stream(self, request):
        for word in request.input[-1].content.split():
            yield responses.ResponsesAgentStreamEvent(**self.create_text_delta(word, "1"))
        item = self.create_text_output_item(request.input[-1].content, "1")
        yield responses.ResponsesAgentStreamEvent(type="response.output_item.done", item=item)


MODELS = {"chat": Chat(), "agent": Agent(), "responder": Responder()} if DO == "save" else {}
MESSAGE = {"role": "user", "content": "hello there"}
REQUESTS = {
    "chat": {"messages": [MESSAGE], "temperature": 0.5},
    "agent": {"messages": [MESSAGE], "custom_inputs": {"a": 1}},
    "responder": {"input": [MESSAGE], "custom_inputs": {"a": 1}},
}

if DO == "save":
    for name, model in MODELS.items():
        mlflow.pyfunc.save_model(str(Path(FOLDER) / name), python_model=model, pip_requirements=[])
else:
    told = {}
    for name, request in REQUESTS.items():
        loaded = mlflow.pyfunc.load_model(str(Path(FOLDER) / name))
        told[name] = [loaded.predict(request), list(loaded.predict_stream(request))]
    print(json.dumps(told))
