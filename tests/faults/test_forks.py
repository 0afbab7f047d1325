"""A process that forks at any moment: neither it nor its children lose or refuse anything."""

import os
import subprocess
import sys
from pathlib import Path

import headrace
from headrace.tracking import MlflowClient

FORKS = 25
FORKING = """
import os, sys, threading, headrace
headrace.set_tracking_uri(sys.argv[1])
run = headrace.start_run()
client, run_id, stop = headrace.MlflowClient(), run.info.run_id, threading.Event()

def write():
    step = 0
    while not stop.is_set():
        client.log_metric(run_id, "m", step, step=step, synchronous=True)
        step += 1
    client.log_param(run_id, "steps", step)

def read():
    while not stop.is_set():
        client.get_run(run_id)

threads = [threading.Thread(target=work) for work in (write, read)]
for each in threads:
    each.start()
for number in range(int(sys.argv[2])):
    if (child := os.fork()) == 0:
        client.log_metric(run_id, "of a child", number, step=number)
        client.get_run(run_id)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for each in threads:
    each.join()
print(run_id)
"""


def test_forks_while_other_threads_read_and_write(tmp_path: Path) -> None:
    script, place = tmp_path / "forking.py", str(tmp_path / "records")
    script.write_text(FORKING)
    command = [sys.executable, "-W", "ignore", str(script), place, str(FORKS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ)
    assert done.returncode == 0, done.stderr
    headrace.set_tracking_uri(place)
    run_id = done.stdout.strip()
    client = MlflowClient()
    steps = int(client.get_run(run_id).data.params["steps"])
    assert [point.step for point in client.get_metric_history(run_id, "m")] == list(range(steps))
    assert [point.step for point in client.get_metric_history(run_id, "of a child")] == list(range(FORKS))
