"""Makes the folder in ``wandb`` with W&B itself, offline.

pip install wandb numpy pillow && WANDB_HOST=example python make_wandb.py .
"""

import os
import sys

os.environ |= {"WANDB_MODE": "offline", "WANDB_DIR": sys.argv[1], "WANDB_ERROR_REPORTING": "false"}

import numpy as np
import wandb

run = wandb.init(
    project="fish",
    entity="lab",
    name="salmon one",
    id="abc123xy",
    group="g1",
    job_type="train",
    tags=["a", "b"],
    notes="some notes ü",
    config={"lr": 0.1, "nested": {"layers": [1, 2], "opt": "adam"}, "flag": True},
)
print("hello from the run")
for step in range(150):
    if step % 5:
        run.log({"loss": 1 / (step + 1), "val/acc": step * 0.25, "nested": {"x": step}, "label": "text"})
    else:
        run.log({"loss": float("nan"), "big": float("inf")})
run.log({"img": wandb.Image(np.arange(64 * 3).reshape(8, 8, 3).astype(np.uint8))})
run.config.update({"late": 5})
run.summary["best"] = 0.5
run.log({"epoch": 1}, step=200)
run.finish()
