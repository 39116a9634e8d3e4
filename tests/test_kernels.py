"""The compiled loops against plain sums over all patients."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from bayesrefract.estimands.kernels import BLOCK, chebyshev_moments, condense, mean_survival, points_needed


def condensed(ratio: np.ndarray, share: np.ndarray, most: float) -> tuple[np.ndarray, np.ndarray]:
    """The points that stand for these patients."""
    ratio, share = ratio.copy(), share.copy()
    count = condense(ratio, share, most)
    return ratio[:count], share[:count]


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("most", [1e-9, 0.1, 1.0, 3.0])
def test_points_give_the_mean_survival_and_its_area(spread: float, most: float) -> None:
    rng = np.random.default_rng(3)
    ratio, share = np.exp(spread * rng.normal(size=3000)), rng.dirichlet(np.ones(3000))
    points, weights = condensed(ratio, share, most)
    assert len(points) < 200
    for hazard in most * np.linspace(0, 1, 7):
        assert weights @ np.exp(-hazard * points) == pytest.approx(share @ np.exp(-hazard * ratio), abs=2e-14)
        area = share @ (-np.expm1(-hazard * ratio) / ratio)
        assert weights @ (-np.expm1(-hazard * points) / points) == pytest.approx(area, rel=1e-12, abs=1e-14)


def test_equal_hazards_are_one_point() -> None:
    points, weights = condensed(np.full(50, 1.5), np.full(50, 0.02), 2.0)
    assert points.tolist() == [1.5]
    assert weights == pytest.approx([1.0])


@pytest.mark.parametrize("most", [40.0, np.inf, np.nan])
def test_patients_are_kept_where_points_would_cost_digits(most: float) -> None:
    """Almost nobody survives: the log of the mean survival needs more than an absolute error."""
    ratio, share = np.exp(np.random.default_rng(4).normal(size=500)), np.full(500, 0.002)
    points, weights = condensed(ratio, share, most)
    np.testing.assert_array_equal(points, ratio)
    np.testing.assert_array_equal(weights, share)


def test_few_patterns_are_kept() -> None:
    assert len(condensed(np.array([0.5, 1.0, 3.0]), np.full(3, 1 / 3), 1.0)[0]) == 3


@pytest.mark.parametrize("spread", [1e-6, 0.01, 0.5, 3.0, 10.0, 40.0])
def test_so_many_points_resolve_the_exponential(spread: float) -> None:
    """And not many fewer would: the number is neither too small nor idle."""

    def worst(count: int) -> float:
        fitted = chebyshev.chebinterpolate(lambda x: np.exp(-spread * (1 + x)), count - 1)
        grid = np.linspace(-1, 1, 2001)
        return float(np.abs(chebyshev.chebval(grid, fitted) - np.exp(-spread * (1 + grid))).max())

    count = points_needed(spread, 10_000)
    assert worst(count) < 3e-14  # a few roundings of the sum itself
    assert count == 1 or worst(count // 2) > 1e-12
    assert points_needed(spread, 1) == 1


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_moments_are_means_of_the_chebyshev_polynomials(count: int) -> None:
    rng = np.random.default_rng(5)
    place, share = rng.uniform(-1, 1, 400), rng.dirichlet(np.ones(400))
    expected = [share @ chebyshev.chebval(place, np.eye(count)[k]) for k in range(count)]
    np.testing.assert_allclose(chebyshev_moments(place, share, count), expected, atol=1e-14)


def test_strata_groups_and_samples_keep_their_own_hazards() -> None:
    """More patterns than a block holds, in two strata, against sums over all of them."""
    rng = np.random.default_rng(6)
    samples, groups, strata, pieces, patterns = 3, 2, 2, 5, 2 * BLOCK + 77
    step = rng.exponential(0.08, (samples, strata, pieces))
    log_ratio, coefficient = rng.normal(0, 0.4, (samples, groups)), rng.normal(0, 0.5, (samples, 2))
    x, weight = rng.normal(size=(2, patterns)), rng.dirichlet(np.ones(patterns))
    start, width = np.array([0, 600, patterns]), rng.uniform(0.5, 2, pieces)
    own = np.tile(np.arange(strata), (groups, 1))
    found = mean_survival(step, log_ratio, coefficient, x, weight, start, own, width, 0.7)
    stratum = np.searchsorted(start, np.arange(patterns), side="right") - 1
    ratio = np.exp(log_ratio[:, :, None] + (coefficient @ x)[:, None])  # (sample, group, pattern)
    hazard = step[:, stratum][:, None] * ratio[..., None]  # (sample, group, pattern, piece)
    alive = np.exp(-np.cumsum(hazard, axis=3))
    before = np.exp(-(np.cumsum(hazard, axis=3) - hazard))
    area = width * before * -np.expm1(-hazard) / hazard
    np.testing.assert_allclose(found[0], np.einsum("p,sgpk->sgk", weight, alive), rtol=1e-12)
    np.testing.assert_allclose(found[1], np.einsum("p,sgpk->sgk", weight, area), rtol=1e-12)
    for s, g in np.ndindex(samples, groups):
        if found[0][s, g, -1] > 0.7:
            assert found[2][s, g] == np.inf
            continue
        piece = int(np.argmax(found[0][s, g] <= 0.7))
        part = (found[2][s, g] - width[:piece].sum()) / width[piece]
        assert 0 <= part <= 1
        at = before[s, g, :, piece] * np.exp(-part * hazard[s, g, :, piece])
        assert weight @ at == pytest.approx(0.7, rel=1e-12)
    assert np.isfinite(found[2]).any()
