"""Makes the event files in ``tensorboard`` with the libraries that users write them with.

pip install tensorboardX tensorboard pillow && python make_tensorboard.py tensorboard
"""

import math
import sys
from pathlib import Path

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import summary_v2 as hparams
from tensorboard.plugins.scalar import metadata as scalars
from tensorboard.plugins.text import metadata as texts
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util
from tensorboardX import SummaryWriter

out = Path(sys.argv[1])

writer = SummaryWriter(str(out / "sweep" / "first"))
for step in range(20):
    at = 1_700_000_000 + step * 0.5
    writer.add_scalar("loss/train", 1 / (step + 1), step, walltime=at)
    writer.add_scalar("loss/val", math.nan if step == 3 else math.inf if step == 4 else step * 0.25, step, walltime=at)
writer.add_text("notes", "Hello **world** ü", 0, walltime=1_700_000_001)
picture = (np.arange(3 * 8 * 8).reshape(3, 8, 8) % 255).astype(np.uint8)
writer.add_image("sample", picture, 5, walltime=1_700_000_002)
writer.add_histogram("weights", np.linspace(-1, 1, 100), 7, walltime=1_700_000_003)
writer.close()

writer = SummaryWriter(str(out / "sweep" / "second"))
writer.add_scalar("loss/train", 0.5, 1, walltime=1_700_000_100)
writer.add_hparams({"lr": 0.1, "layers": 3, "name": "adam", "bn": True}, {"hparam/accuracy": 0.75}, name="trial")
writer.close()

writer = EventFileWriter(str(out / "tf2" / "train"))
for step in range(10):
    tensor = tensor_util.make_tensor_proto(np.float32(step * 1.5), dtype=np.float32)
    summary = summary_pb2.Summary()
    summary.value.add(tag="epoch_loss", tensor=tensor, metadata=scalars.create_summary_metadata("", ""))
    writer.add_event(event_pb2.Event(wall_time=1_700_000_200 + step, step=step, summary=summary))
summary = summary_pb2.Summary()
lines = tensor_util.make_tensor_proto(np.array([b"text one", b"text two"], dtype=object))
summary.value.add(tag="doc", tensor=lines, metadata=texts.create_summary_metadata("", ""))
writer.add_event(event_pb2.Event(wall_time=1_700_000_210, step=3, summary=summary))
summary = hparams.hparams_pb({"units": 16, "dropout": 0.25, "opt": "sgd"})
writer.add_event(event_pb2.Event(wall_time=1_700_000_211, step=0, summary=summary))
writer.close()
