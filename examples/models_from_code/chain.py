"""A chain that is this file: a prompt, a language model, and the text of its answer.

What differs between here and production is in its configuration. Which server is asked, and with which key, is in the
environment (OPENAI_BASE_URL, OPENAI_API_KEY), so that the file has nothing to hide.
"""

import os

import mlflow
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI

config = mlflow.models.ModelConfig(development_config=os.path.join(os.path.dirname(__file__), "chain.yaml"))

prompt = ChatPromptTemplate.from_messages(
    [
        ("system", f"You are a gardener. Answer in one sentence, and be {config.get('tone')}."),
        ("user", "When should I plant {plant} in {place}?"),
    ]
)
model = ChatOpenAI(
    model=config.get("model"), temperature=config.get("temperature"), base_url=os.environ.get("OPENAI_BASE_URL")
)

mlflow.models.set_model(prompt | model | StrOutputParser())
