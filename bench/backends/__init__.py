"""What carries out many runs at once: processes of this machine, a Dask cluster, a Ray cluster."""

from bench.backends.base import Backend, Finished, WorkerDied
from bench.backends.choice import BackendName, choose_backend

__all__ = ["Backend", "BackendName", "Finished", "WorkerDied", "choose_backend"]
