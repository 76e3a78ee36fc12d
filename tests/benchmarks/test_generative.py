"""Feature-space metrics of 10,000 against 10,000 images of 2,048 features, beside torch-fidelity's.

Ours: KID, FID, precision, recall, density and coverage. Theirs: KID (its 100 subsets of 1,000), FID, precision and
recall. On the same features, threads and machine; `make benchmark` prints both.
"""

import resource

import numpy as np
import pytest
import torch

from bench.generative.fid import fid
from bench.generative.prdc import compare

N, WIDTH = 10_000, 2048


@pytest.fixture(scope="module")
def features() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    real = rng.gamma(0.5, 1.0, size=(N, WIDTH)).astype(np.float32)
    return (rng.gamma(0.55, 1.0, size=(N, WIDTH))).astype(np.float32), real


def test_ours(benchmark, features) -> None:
    generated, real = features
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    benchmark.pedantic(lambda: (fid(generated, real), compare(generated, real)), rounds=1)
    benchmark.extra_info["peak_grew_by_MiB"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    benchmark.extra_info["threads"] = torch.get_num_threads()


def test_torch_fidelitys(benchmark, features) -> None:
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    generated, real = (torch.from_numpy(array) for array in features)

    def all_three() -> None:
        statistics = [fid_features_to_statistics(of) for of in (generated, real)]
        fid_statistics_to_metric(*statistics, verbose=False)
        kid_features_to_metric(generated, real, verbose=False)
        prc_features_to_metric(generated, real, verbose=False)

    benchmark.pedantic(all_three, rounds=1)
    benchmark.extra_info["threads"] = torch.get_num_threads()
