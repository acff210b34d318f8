"""The same input gives the same bits; what must not matter does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lithiate.core.cell import SymmetricCell
from lithiate.twin import Sampling, load_parameters, solve
from lithiate.twin.states import OUT_ELECTRODE_A, OUT_FACE_A, OUT_VOLTAGE, OUTPUTS, PER_ELECTRODE, SALT


@pytest.fixture(scope="module")
def leaky():
    """Parameters, each within its range, that give a foil soft shorts within a few hundred hours."""
    return load_parameters().with_values(
        {"short_rate": 1.0 / 3600.0, "initial_roughness": 1.0, "dead_layer_initial_thickness": 2e-6}
    )


def assert_same_bits(one, other):
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.samples, other.samples)
    np.testing.assert_array_equal(one.intact_sites, other.intact_sites)
    assert one.stopped_by == other.stopped_by
    assert one.integrator_steps == other.integrator_steps


def test_same_seed_same_bits(cycling, anode):
    assert_same_bits(
        solve(SymmetricCell(anode), cycling(10), seed=11),
        solve(SymmetricCell(anode), cycling(10), seed=11),
    )


def test_shorts_follow_their_seed(cycling, leaky):
    runs = [solve(SymmetricCell("Li foil"), cycling(150), parameters=leaky, seed=seed) for seed in (3, 3, 4)]
    leaks = [run.samples[:, 2 + 5] for run in runs]
    assert leaks[0].max() > 0.0
    assert_same_bits(runs[0], runs[1])
    assert runs[2].samples.shape != runs[0].samples.shape or not np.array_equal(runs[2].samples, runs[0].samples)


def test_without_chance_the_seed_does_not_matter(cycling):
    assert_same_bits(
        solve(SymmetricCell("Li foil"), cycling(5), seed=1, chance=False),
        solve(SymmetricCell("Li foil"), cycling(5), seed=2, chance=False),
    )


def test_sampling_does_not_move_the_states(cycling, anode):
    usual = solve(SymmetricCell(anode), cycling(6), seed=2)
    other = solve(
        SymmetricCell(anode),
        cycling(6),
        seed=2,
        sampling=Sampling(interval=7.0, dense_interval=0.5, dense_duration=60.0),
    )
    assert other.samples.shape[0] > 5 * usual.samples.shape[0]
    np.testing.assert_array_equal(other.states, usual.states)


def test_sampling_does_not_move_the_states_of_a_cell_with_shorts(cycling, leaky):
    usual = solve(SymmetricCell("Li foil"), cycling(150), parameters=leaky, seed=3)
    other = solve(
        SymmetricCell("Li foil"),
        cycling(150),
        parameters=leaky,
        seed=3,
        sampling=Sampling(interval=600.0, dense_interval=60.0, dense_duration=120.0),
    )
    assert usual.samples[:, 2 + 5].max() > 0.0
    np.testing.assert_array_equal(other.states, usual.states)


def test_two_threads_give_what_one_gives(cycling):
    def run(name):
        return solve(SymmetricCell(name), cycling(20), seed=9)

    names = ["Li foil", "WN@HCN/Li"]
    alone = [run(name) for name in names]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(run, names))
    for one, other in zip(alone, together, strict=True):
        assert_same_bits(one, other)


def mirrored(y):
    """Return the state with electrodes and salt swapped end for end."""
    return np.concatenate(
        [y[PER_ELECTRODE : 2 * PER_ELECTRODE], y[:PER_ELECTRODE], y[2 * PER_ELECTRODE : SALT], y[SALT:][::-1]]
    )


def test_swapped_electrodes_have_mirrored_derivatives(bench, cycling, anode):
    """At a state that has been cycled three half cycles, so that the electrodes differ."""
    cell = bench(anode, cycling())
    for k in range(3):
        cell.begin()
        cell.advance(cell.y, k % 2, cell.duration)
    assert not np.array_equal(mirrored(cell.y), cell.y)
    dy, out = cell.evaluate(cell.y, 1)
    swapped, swapped_out = cell.evaluate(mirrored(cell.y), 0)
    # the stiff salt sums up differences of large flows, hence the absolute part
    scale = cell.scale / cell.duration
    np.testing.assert_allclose(mirrored(swapped) / scale, dy / scale, rtol=1e-9, atol=1e-8)
    whole = [k for k in range(OUTPUTS) if k not in (OUT_ELECTRODE_A, OUT_FACE_A)]  # the two that tell A from B
    np.testing.assert_allclose(swapped_out[whole], out[whole], rtol=1e-9, atol=1e-12)
    assert swapped_out[OUT_ELECTRODE_A] + out[OUT_ELECTRODE_A] == pytest.approx(out[OUT_VOLTAGE], rel=1e-9)


def test_other_electrode_first_gives_the_mirrored_record(bench, cycling, anode):
    """The same magnitudes of voltage, half cycle by half cycle, whichever electrode plates first."""
    times = Sampling.default(cycling()).offsets("plate", cycling().half_cycle_duration, first=False)
    one, other = bench(anode, cycling()), bench(anode, cycling())
    for k in range(4):
        for cell, plating in ((one, k % 2), (other, 1 - k % 2)):
            cell.begin()
            _, samples, _ = cell.advance(cell.y, plating, cell.duration, times)
            cell.fatigue(plating)
            if cell is one:
                expected = samples
        whole = [k for k in range(1 + OUTPUTS) if k - 1 not in (OUT_ELECTRODE_A, OUT_FACE_A)]
        np.testing.assert_allclose(samples[:, whole], expected[:, whole], rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(mirrored(other.y) / one.scale, one.y / one.scale, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(other.intact, one.intact[::-1], rtol=1e-9)
