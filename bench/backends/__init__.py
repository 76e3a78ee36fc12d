"""What carries out many runs at once: processes of this machine, a Dask cluster, a Ray cluster; all through joblib."""

from bench.backends.base import Backend, Finished, WorkersDied
from bench.backends.choice import BackendName, choose_backend

__all__ = ["Backend", "BackendName", "Finished", "WorkersDied", "choose_backend"]
