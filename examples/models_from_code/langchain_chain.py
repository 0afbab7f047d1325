"""A LangChain chain from code, asked as a whole, in batches and word by word.

    pip install headrace[langchain] langchain-openai
    OPENAI_API_KEY=… python examples/models_from_code/langchain_chain.py

OPENAI_BASE_URL names another server that speaks OpenAI's protocol, such as one of your own.
"""

from pathlib import Path

try:
    import headrace as mlflow
except ModuleNotFoundError:
    import mlflow  # the same program, with MLflow itself

HERE = Path(__file__).parent


def main() -> None:
    question = {"plant": "tomatoes", "place": "Norway"}
    with mlflow.start_run():
        info = mlflow.langchain.log_model(
            lc_model=str(HERE / "chain.py"),
            name="gardener",
            model_config=str(HERE / "chain.yaml"),
            input_example=question,
        )
    chain = mlflow.langchain.load_model(info.model_uri)
    print("As a chain:   ", chain.invoke(question))
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    for answer in loaded.predict([question, {"plant": "tulips", "place": "Spain"}]):
        print("As a function:", answer)
    print("Word by word: ", "|".join(part for part in loaded.predict_stream(question) if part))


if __name__ == "__main__":
    main()
