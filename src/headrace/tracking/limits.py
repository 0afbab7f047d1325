"""How much a request may carry, for libraries that cut what they log: ``mlflow.utils.validation`` is this module.

Lengths of params and tags are those of MLflow's own servers, so that what fits here fits there; ours take longer ones.
"""

from __future__ import annotations

MAX_ENTITY_KEY_LENGTH = 250
MAX_PARAM_VAL_LENGTH = 6000
MAX_TAG_VAL_LENGTH = 8000
MAX_METRICS_PER_BATCH = 1000
MAX_PARAMS_TAGS_PER_BATCH = 100
MAX_ENTITIES_PER_BATCH = 1000
