"""The flow of aligned factors against the model itself, and against the theorem."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nctheory import InputError, Problem, network
from nctheory.margins.flow import aligned_flow, basin


def fourier(K):
    """Real orthonormal eigenvectors of circulant matrices, mode by mode, without the constant."""
    y = np.arange(K)
    columns, modes = [], []
    for k in range(1, K // 2 + 1):
        columns.append(np.cos(2 * np.pi * k * y / K))
        modes.append(k)
        if 2 * k != K:
            columns.append(np.sin(2 * np.pi * k * y / K))
            modes.append(k)
    basis = np.stack(columns, axis=1)
    return basis / np.linalg.norm(basis, axis=0), np.array(modes)


@pytest.mark.parametrize("K, L", [(5, 2), (6, 3)])
def test_flow_is_that_of_all_weights(K, L):
    """Gradient flow of the full matrices, by another integrator, passes the same directions."""
    t0 = np.linspace(0.2, 0.35, K // 2)
    basis, modes = fourier(K)
    x = t0[modes - 1] ** (1 / (L + 1))
    start = [x[:, None] * basis.T, *[np.diag(x)] * (L - 1), basis * x]
    shapes = [matrix.shape for matrix in start]
    cuts = np.cumsum([matrix.size for matrix in start])[:-1]
    problem = Problem(classes=K, layers=L, loss="ce", activation="linear", weight_decay=1e-300)

    def matrices(v):
        return [part.reshape(s) for part, s in zip(np.split(v, cuts), shapes, strict=True)]

    def slope(_, v):
        return -np.concatenate([g.ravel() for g in network.gradient(matrices(v), problem)])

    end = solve_ivp(slope, (0, 30.0), np.concatenate([m.ravel() for m in start]), rtol=1e-9,
                    atol=1e-12).y[:, -1]
    Z = np.linalg.multi_dot(matrices(end)[::-1])
    t = np.diag(basis.T @ Z @ basis)
    found = np.array([t[modes == k][0] for k in range(1, K // 2 + 1)])
    flow = aligned_flow(t0, K, L, points=2000)
    reached = [np.interp(np.log(found[0]), flow.logarithms[:, 0], flow.logarithms[:, k])
               for k in range(K // 2)]
    assert np.allclose(reached, np.log(found), atol=2e-3)
    assert np.log(found[0]) > 1  # well beyond the early phase


@pytest.mark.parametrize("L", [1, 2, 4])
def test_repulsion_conserves_what_the_theorem_says(L):
    """t_1^-q - t_2^-q, q = (L-1)/(L+1), while logits are small; for L = 1 the ratio."""
    flow = aligned_flow([3e-6, 2e-6], 4, L, tolerance=1e-11)
    early = flow.logarithms[flow.logarithms[:, 0] < np.log(1e-4)]
    assert len(early) > 3
    q = (L - 1) / (L + 1)
    kept = (np.exp(-q * early[:, 0]) - np.exp(-q * early[:, 1]) if L > 1
            else early[:, 0] - early[:, 1])
    assert np.allclose(kept, kept[0], rtol=1e-3)
    ratio = early[:, 0] - early[:, 1]
    assert (np.diff(ratio) > 0).all() if L > 1 else np.allclose(ratio, ratio[0], rtol=1e-3)


def test_margins_of_flows_stay_below_the_best_known():
    best = {2: 1.0, 3: 1.125}  # of four classes, over DNC: DNC itself, and pairs 9/8
    for L, most in best.items():
        for flow in basin(4, L, runs=6):
            assert flow.over_dnc()[-1] < most + 1e-4


def test_flow_refuses():
    with pytest.raises(InputError, match="start"):
        aligned_flow([1.0], 6, 2)
