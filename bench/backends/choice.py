"""Which backend ``--backend`` names, and how many runs at once it takes."""

from __future__ import annotations

from enum import StrEnum

from bench.backends.base import Backend
from bench.backends.dask import Dask
from bench.backends.loky import Loky
from bench.backends.ray import Ray
from bench.errors import UsageError


class BackendName(StrEnum):
    """What can be named."""

    loky = "loky"
    dask = "dask"
    ray = "ray"


def choose_backend(
    name: BackendName, *, jobs: int, scheduler: str | None, address: str | None, at_most: int | None = None
) -> Backend:
    """Makes the backend; a cluster is connected to.

    Args:
        name: Which.
        jobs: How many runs at once.
        at_most: The same where it was asked for; a Dask cluster else does as many as it has workers.
        scheduler: Address of a Dask scheduler.
        address: Of a Ray cluster.

    Raises:
        UsageError: An address is missing or belongs to another backend, or the cluster does not answer.
    """
    if scheduler is not None and name is not BackendName.dask:
        raise UsageError(f"--scheduler {scheduler} belongs to --backend dask; write that too, or leave it out.")
    if address is not None and name is not BackendName.ray:
        raise UsageError(f"--address {address} belongs to --backend ray; write that too, or leave it out.")
    match name:
        case BackendName.loky:
            return Loky(jobs)
        case BackendName.dask:
            if scheduler is None:
                raise UsageError(
                    "--backend dask needs --scheduler; write for example --scheduler tcp://127.0.0.1:8786."
                )
            return Dask(scheduler, at_most)
        case BackendName.ray:
            return Ray(jobs, address)
