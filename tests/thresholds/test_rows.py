"""The rows of a table, summed up."""

from nctheory import threshold_table


def test_summaries():
    table = threshold_table(range(3, 17), range(2, 6), library=["triangular"])
    assert table.least_classes() == {2: 15, 3: 10, 4: 6, 5: 6}
    layers = table.least_layers()
    assert [layers[K] for K in (3, 5, 6, 9, 10, 14, 15, 16)] == [
        None, None, 4, 4, 3, 3, 2, 2]
