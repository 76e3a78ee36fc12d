import hashlib

from bench.streams import stream_seed


def test_a_seed_is_the_hash_of_fingerprint_seed_and_stream() -> None:
    digest = hashlib.blake2b(b"abc\x1f3\x1finit", digest_size=8).hexdigest()
    assert stream_seed("abc", 3, "init") == int(digest, 16) // 2


def test_streams_seeds_and_datasets_differ() -> None:
    seeds = {stream_seed(f, s, t) for f in ("a", "b") for s in (0, 1) for t in ("init", "batches")}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
