"""The 27 lines."""

import networkx as nx
import numpy as np

from nctheory.feature_sets.polytopes import lines_27
from nctheory.graphs import parameters


def test_the_schlaefli_graph():
    adjacency = lines_27().matrix.astype(int) - 2 * np.eye(27, dtype=int)
    assert tuple(parameters(nx.from_numpy_array(adjacency))) == (27, 16, 10, 8)
