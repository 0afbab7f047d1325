"""``import mlflow``, where it means headrace."""

from headrace.dropin import install

install(__path__[0])
