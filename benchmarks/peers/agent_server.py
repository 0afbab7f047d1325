"""MLflow's agent server with an agent that says as many words as it is asked for: ``agent_server.py <port>``."""

import sys

import uvicorn
from mlflow.genai.agent_server import AgentServer, invoke, stream
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentResponse, ResponsesAgentStreamEvent


@invoke()
def answer(request):
    return ResponsesAgentResponse(output=[ResponsesAgent.create_text_output_item("word", "1")])


@stream()
def events(request):
    for _ in range(int(request.input[-1].content)):
        yield ResponsesAgentStreamEvent(**ResponsesAgent.create_text_delta("word", "1"))


if __name__ == "__main__":
    uvicorn.run(AgentServer("ResponsesAgent").app, port=int(sys.argv[1]), log_level="warning")
