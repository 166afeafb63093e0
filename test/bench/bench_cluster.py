# SPDX-License-Identifier: GPL-2.0-or-later
"""What a second Dask worker gives: the same map with one worker and with two, each a process of one core, in turns.

    python test/bench/bench_cluster.py [MILLION_CELLS]

Needs the package `distributed` beside the engine's.
"""

import importlib.util
import os
import runpy
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))
ONE_CORE = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "GDAL_CACHEMAX": "256",
}


@contextmanager
def cluster(workers):
    """Yield the address of a scheduler with so many workers of one thread, and their process ids."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    start = [sys.executable, "-m"]
    quiet = {"env": {**os.environ, **ONE_CORE}, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    place = ["--host", "127.0.0.1", "--no-dashboard"]
    port = address.rpartition(":")[2]
    processes = [subprocess.Popen([*start, "distributed.cli.dask_scheduler", "--port", port, *place], **quiet)]
    try:
        for _ in range(workers):
            command = [*start, "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", *place]
            processes.append(subprocess.Popen(command, **quiet))
        from distributed import Client

        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)
        yield address, [each.pid for each in processes[1:]]
    finally:
        for each in processes:
            each.kill()
            each.wait()


def peak_mib(pid):
    """Return the peak memory of a process in MiB."""
    peak = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def busy_s(pid):
    """Return the seconds of a core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    if importlib.util.find_spec("distributed") is None:
        print("The package distributed is not installed, so that no cluster is measured.")
        return
    bench = runpy.run_path(str(Path(__file__).with_name("bench_mapping.py")), run_name="bench")
    million = float(sys.argv[1]) if len(sys.argv) > 1 else 16.0
    with tempfile.TemporaryDirectory(prefix="scarp-bench-") as folder:
        stack, model = f"{folder}/stack.tif", f"{folder}/m.scarp"
        bench["write_stack"](stack, million)
        bench["write_model"](Path(model), 3, trees=True)
        print(f"{million:g} million cells, 3 members with trees    seconds  of a core, each worker  peak MiB of a worker")
        found, busiest = {1: [], 2: []}, {1: [], 2: []}
        for workers in (1, 2, 1, 2):
            with cluster(workers) as (address, pids):
                files = {"covariates": stack, "model": model, "output": f"{folder}/map.tif"}
                bench["timed"]("map_susceptibility", **files, scheduler=address, backend="tensorflow")  # the workers start TensorFlow
                before = [busy_s(pid) for pid in pids]
                _, seconds, _ = bench["timed"]("map_susceptibility", **files, scheduler=address, backend="tensorflow")
                busy = [busy_s(pid) - began for pid, began in zip(pids, before)]
                found[workers].append(seconds)
                busiest[workers].append(max(busy))
                told = " and ".join(f"{each:.1f}" for each in busy)
                print(f"{workers} workers of one core{seconds:30.1f} {told:>23s} {max(map(peak_mib, pids)):10,.0f}", flush=True)
        print(f"two workers are {min(found[1]) / min(found[2]):.2f} times as fast as one")
        print(f"on cores of their own they would be {min(busiest[1]) / min(busiest[2]):.2f} times as fast, by what the busier one computes")


if __name__ == "__main__":
    main()
