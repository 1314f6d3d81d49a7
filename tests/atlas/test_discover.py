"""Discoveries are kept, and taken up again."""

from nctheory.atlas.discover import discover
from nctheory.atlas.store import store
from nctheory.constructions import stored


def test_discovery_stores_what_improves_and_resumes(tmp_path):
    first = list(discover([4], [4], seconds=4.0, seed=1, folder=tmp_path))
    assert first[0].after <= first[0].before
    chain = stored.chain(5, 4)
    factors = [m.astype(float) for m in chain.matrices]
    assert not store(factors, tmp_path, "a test")  # the library knows it already
