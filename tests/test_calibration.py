"""Simulation-based calibration: truths drawn from the prior lie anywhere among their draws; a small part of it here.

Every structure, with 250 data sets each, is the step `calibration` of the validation.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, chisquare, expon, kstest

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))  # the validation is a program of this repository, not part of the package

from bayesrefract.inference.compiler import Compiler  # noqa: E402
from validation.calibration import report  # noqa: E402  # only found by the line above
from validation.calibration.cases import CASES, PER_CHUNK, place, run  # noqa: E402
from validation.calibration.judge import (  # noqa: E402
    KNOWN,
    against_known,
    covers_as_stated,
    faults,
    first_pairs,
    gathered,
    leaves,
    limits,
    spread,
)
from validation.calibration.ranks import KEPT, LOG_LIKELIHOOD, quantities  # noqa: E402
from validation.calibration.scenarios import CUTS, SCENARIOS, Scenario  # noqa: E402
from validation.calibration.simulate import after, design, draw  # noqa: E402

SEED = 20240
FROM_PATIENTS = {
    "stratum_events",
    "event_fraction",
    "event_effects",
    "event_columns",
    "group_events",
    "x",  # the same, in the order in which patients leave
    *("row_time", "row_count", "block_start", "extra_time", "extra_count", "extra_start", "extra_row"),
}
"""What a likelihood takes from the data; everything else sets a prior, or is the same for all data sets."""
CASE_OF = {case.name: case for case in CASES}


@pytest.mark.parametrize(("name", "sets"), [("primary", 40), ("by_group", 60)])
def test_truths_from_the_prior_are_ranked_uniformly_and_covered(name: str, sets: int, compiler: Compiler) -> None:
    found = gathered([run(CASE_OF[name], 0, SEED, compiler, sets=sets)])[name]
    assert found.sets == sets
    assert LOG_LIKELIHOOD in found.pits
    assert not faults(found)
    assert (KNOWN in found.pits) == (name == "by_group")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nothing_that_sets_a_prior_depends_on_the_simulated_patients(scenario: Scenario) -> None:
    plan, rng = design(scenario), np.random.default_rng(3)
    sets = [draw(plan, rng) for _ in range(4)]
    first = sets[0].arrays
    for other in sets[1:]:
        assert {
            name for name, value in first.values.items() if not np.array_equal(value, other.arrays.values[name])
        } <= FROM_PATIENTS
        assert np.array_equal(first.design.x, other.arrays.design.x)
    assert len({each.cohort.n_events for each in sets}) > 1


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_truth_and_draws_have_the_same_quantities(scenario: Scenario) -> None:
    data = draw(design(scenario), np.random.default_rng(4))
    found = quantities(data.truth, data)
    pairs = scenario.groups * (scenario.groups - 1) // 2
    by_time = {"log HR of the first interval", "log HR of the last interval", "change_sd"}
    changes = scenario.plan().by_time
    assert by_time & set(found) == (by_time if changes else set())
    assert sum(name.startswith("log HR") for name in found) == pairs + 2 * changes
    assert sum(name.startswith("coefficient") for name in found) == (3 if scenario.covariates else 0)
    assert LOG_LIKELIHOOD in found
    assert all(np.isfinite(value).all() for name, value in found.items() if not name.startswith("log_hazard"))


def test_times_have_the_hazard_of_the_truth_from_entry_on() -> None:
    """The cumulative hazard between entry and event is a standard exponential, whatever the hazard."""
    rng = np.random.default_rng(5)
    edges = np.array([0.0, *CUTS, np.inf])
    rate = np.exp(rng.normal(-3, 1, (4000, len(edges) - 1)))
    entry = rng.uniform(0, 30, 4000)
    target = rng.exponential(size=4000)
    time = after(rate, edges, entry, target)
    assert (time > entry).all()
    spent = np.clip(np.minimum(time[:, None], edges[1:]) - np.maximum(entry[:, None], edges[:-1]), 0, None)
    assert np.allclose((rate * spent).sum(axis=1), target, rtol=1e-10)
    same = after(np.full((4000, len(edges) - 1), 0.2), edges, entry, target)
    assert kstest((same - entry) * 0.2, expon.cdf).pvalue > 0.001


def test_a_hazard_of_almost_nothing_gives_no_event_within_follow_up() -> None:
    edges = np.array([0.0, 1.0, np.inf])
    never, later = after(np.array([[0.0, 1e-300], [0.0, 2.0]]), edges, np.zeros(2), np.ones(2))
    assert never > 1e6
    assert later == 1.5


def result(case: str, ranks: np.ndarray, covers: np.ndarray) -> dict[str, Any]:
    """A chunk's result with one quantity, as a run keeps it."""
    return {
        "case": case,
        "ranks": {"log HR b v a": " ".join(map(str, ranks))},
        "covers": {"log HR b v a": "".join(str(int(each)) for each in covers)},
        "exact": "",
        "events": " ".join(["40"] * len(ranks)),
        "divergent": 0,
        "lengthened": 0,
        "ess": 500,
        "versions": "none",
    }


def normal_ranks(rng: np.random.Generator, sets: int, sign: float = 1.0, sd: float = 0.75) -> tuple[np.ndarray, ...]:
    """Ranks of truths from Normal(0, 0.75), seen with error 0.4, in the posterior of a prior with `sd`."""
    truth = rng.normal(0, 0.75, sets)
    seen = sign * rng.normal(truth, 0.4)
    variance = 1 / (1 / sd**2 + 1 / 0.4**2)
    draws = rng.normal((variance / 0.4**2 * seen)[:, None], np.sqrt(variance), (sets, KEPT))
    low, high = np.quantile(draws, [0.025, 0.975], axis=1)
    return (draws < truth[:, None]).sum(axis=1), (low < truth) & (truth < high)


def test_exchanged_groups_and_a_prior_half_as_wide_are_noticed() -> None:
    rng = np.random.default_rng(6)
    assert not faults(gathered([result("primary", *normal_ranks(rng, 100))])["primary"])
    for wrong in (normal_ranks(rng, 100, sign=-1.0), normal_ranks(rng, 100, sd=0.75 / 2)):
        assert faults(gathered([result("swapped", *wrong)])["swapped"])


def test_a_wrong_fit_that_nothing_notices_fails_the_step_once_it_is_complete() -> None:
    rng = np.random.default_rng(7)
    calibrated = [
        result("swapped", rng.integers(0, KEPT + 1, PER_CHUNK), rng.random(PER_CHUNK) < 0.95) for _ in range(4)
    ]
    assert report.passed(calibrated[:3])
    assert not report.passed(calibrated)
    noticed = [result("swapped", np.zeros(PER_CHUNK, dtype=int), np.zeros(PER_CHUNK)) for _ in range(4)]
    assert report.passed(noticed)
    assert not report.passed([*noticed, result("primary", np.zeros(PER_CHUNK, dtype=int), np.zeros(PER_CHUNK))])


def test_the_envelope_holds_what_it_says() -> None:
    rng = np.random.default_rng(8)
    left = sum(leaves(rng.random(60), 0.95) for _ in range(1000))
    low, high = binom.interval(0.999, 1000, 0.05)
    assert low <= left <= high


def test_ranks_are_spread_within_their_step() -> None:
    ranks = np.random.default_rng(9).integers(0, KEPT + 1, 5000)
    values = spread(ranks, "anything")
    assert np.array_equal(np.floor(values * (KEPT + 1)).astype(int), ranks)
    assert chisquare(np.histogram(values, 20, (0, 1))[0]).pvalue > 0.001
    assert np.array_equal(values, spread(ranks, "anything"))


def test_coverage_has_the_limits_of_the_binomial_distribution() -> None:
    assert limits(250) == (0.9, 0.988)
    assert limits(1000) == (0.926, 0.971)
    assert covers_as_stated(np.repeat([True, False], [225, 25]))
    assert not covers_as_stated(np.repeat([True, False], [224, 26]))


def test_draws_that_differ_from_the_known_posterior_are_noticed() -> None:
    rng = np.random.default_rng(10)
    pits = rng.random(200)
    for shift, right in ((0.0, True), (0.06, False)):
        ranks = rng.binomial(KEPT, np.clip(pits + shift, 0, 1))
        kept = result("by_group", ranks, rng.random(200) < 0.95) | {"exact": " ".join(f"{pit:.4f}" for pit in pits)}
        square, most, sets = against_known(gathered([kept])["by_group"])
        assert (square <= most) == right
        assert 180 <= sets <= 200


def test_every_chunk_belongs_to_one_case_and_results_come_together() -> None:
    found = [(case.name, part) for case, part in map(place, range(sum(case.chunks for case in CASES)))]
    assert len(set(found)) == len(found)
    assert {name for name, _ in found} == set(CASE_OF)
    with pytest.raises(IndexError):
        place(len(found))
    rng = np.random.default_rng(11)
    chunks = [result(name, rng.integers(0, 101, 5), np.ones(5)) for name in ("primary", "primary", "pooled")]
    together = gathered(chunks)
    assert {name: each.sets for name, each in together.items()} == {"primary": 10, "pooled": 5}
    assert len(first_pairs(together)) == 15


def test_the_section_names_every_structure_with_its_figure() -> None:
    rng = np.random.default_rng(12)
    chunks = [result(name, rng.integers(0, 101, 30), np.ones(30)) for name in ("swapped", "primary")]
    text, files = report.write_up(chunks), report.pictures(chunks)
    assert set(files) == {"calibration-swapped.png", "calibration-primary.png"}
    assert all(f"({name})" in text and content.startswith(b"\x89PNG") for name, content in files.items())
    assert "| random walk, covariates, two groups | 30 |" in text
    assert "- groups exchanged in the fit: 30 data sets;" in text
