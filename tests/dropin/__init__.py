"""``import mlflow``, where it means headrace."""
