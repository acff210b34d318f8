"""The one integrator: a Rosenbrock-W method with error control, for half cycles at constant current.

Method: ROS34PW2 of Rang & Angermann (BIT Numer. Math. 45, 761 (2005)): four stages, order 3 with an embedded order 2,
L-stable, stiffly accurate. As a W-method it keeps its order with *any* matrix in place of the Jacobian. The matrix used
holds what is stiff: salt diffusion with how growing dead layers and drying change it, and how each electrode's rates
depend on its own fast states, found by differences every few steps. It is block triangular (electrodes, then salt): a
step costs four right-hand sides, eight 4 x 4 and four tridiagonal solves. Its columns sum to zero over the stores of
lithium and of salt, so that these linear invariants are kept to rounding.

Events are located on the interpolant of a step and the step is then done again up to the event.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lithiate._jit import Matrix, Vector, njit, njit_cached, njit_inline, njit_inner
from lithiate.twin.events import EVENTS
from lithiate.twin.implicit import FAST_STATES
from lithiate.twin.states import (
    ADDITIVE,
    ELECTROLYTE,
    EXCESS_SALT,
    FAST,
    HAZARD,
    LEAKED,
    LITHIUM_STORES,
    OUT_THROUGH,
    OUT_VOLTAGE,
    PASSED,
    PER_ELECTRODE,
    Q_DEAD,
    Q_ON_CARBON,
    Q_ON_SITES,
    Q_PIT,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
    Q_TOP,
    ROUGHNESS,
    SALT,
    SET_VOLTAGE,
    SHORT,
    STATES,
    Drive,
    Scratch,
)
from lithiate.twin.systems import derivatives, electrode_rates, event_values, prepare_step, solve_stage

STAGES = 4
GAMMA = 0.43586652150845900
_ALPHA = np.array(
    [
        [0.0, 0.0, 0.0, 0.0],
        [0.87173304301691801, 0.0, 0.0, 0.0],
        [0.84457060015369423, -0.11299064236484185, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0],
    ]
)
_GAMMA_MATRIX = np.array(
    [
        [GAMMA, 0.0, 0.0, 0.0],
        [-0.87173304301691801, GAMMA, 0.0, 0.0],
        [-0.90338057013044082, 0.054180672388095326, GAMMA, 0.0],
        [0.24212380706095346, -1.2232505839045147, 0.54526025533510214, GAMMA],
    ]
)
_WEIGHTS = np.array([0.24212380706095346, -1.2232505839045147, 1.5452602553351020, 0.43586652150845900])
_EMBEDDED = np.array([0.37810903145819369, -0.096042292212423178, 0.50000000000000000, 0.21793326075422950])

# The form without matrix products: u = Gamma k (Hairer & Wanner, Solving ODEs II, sec. IV.7).
_INVERSE = np.linalg.inv(_GAMMA_MATRIX)
STAGE_STATE = _ALPHA @ _INVERSE
STAGE_SUM = np.diag(np.full(STAGES, 1.0 / GAMMA)) - _INVERSE
STEP_WEIGHTS = _WEIGHTS @ _INVERSE
ERROR_WEIGHTS = (_WEIGHTS - _EMBEDDED) @ _INVERSE


def _first_dense_weights() -> NDArray[np.float64]:
    """Weights p of y(theta) = y0 + sum_i (p_i theta + (b_i - p_i) theta^2) k_i, of order 2 for any matrix.

    sum p = 1, sum p alpha = 0, sum p gamma = 0; of the solutions the one of least norm.
    """
    conditions = np.array([np.ones(STAGES), _ALPHA.sum(axis=1), _GAMMA_MATRIX.sum(axis=1)])
    weights = np.linalg.lstsq(conditions, np.array([1.0, 0.0, 0.0]), rcond=None)[0]
    return np.asarray(weights)


DENSE_WEIGHTS = _first_dense_weights() @ _INVERSE
STAGE_TIMES = _ALPHA.sum(axis=1)

# why the integration of a half cycle ended
(
    COMPLETE, VOLTAGE_LIMIT, EXHAUSTED, SALT_DEPLETED, SHORT_CIRCUIT, CURRENT_LIMIT, SHORT_BORN, STEP_FAILED, PAUSED
) = range(9)  # fmt: skip

DISTURBANCE = 1e-5
"""By what share of their scale these states are disturbed to find that out."""
SLOW = 0.03
"""Steps below this share of the electrodes' fastest time do without knowing it better."""
HELD_SHARE = np.zeros(PER_ELECTRODE)
HELD_SHARE[Q_TOP], HELD_SHARE[Q_ON_SITES], HELD_SHARE[Q_ON_CARBON] = 1.7, 1.0, 1.0
"""The error of a store is measured against this many times what it holds, where that is more than `error_scale`."""
AGE = 2.5
"""Steps after which they are looked at again."""
NEAR = 1e-3
"""An event is placed within a step of this length [s] at most."""
SMALLEST_STEP = 1e-9
"""A step below this [s] means that the equations cannot be solved on."""
ATTEMPTS_PER_CALL = 2000
"""Steps after which the interpreter is given the word, for progress, cancelling and interrupts: about 0.1 s."""


def error_scale(areal_capacity: float, salt: float, electrolyte: float, additive: float) -> NDArray[np.float64]:
    """Return the size (STATES,) against which the error of each state is measured at least; SI units of the state.

    Chosen so that at 1 mA/cm2 and 1 mAh/cm2 no state nor the voltage differs by more than 1e-4 from SUNDIALS at the
    tolerance that is shipped. At 0.2 and 5 mA/cm2, and at 0.2 and 5 mAh/cm2, up to 4e-4 was found over five cycles of
    foil and composite: there, ask for a smaller tolerance where it matters.
    """
    scale = np.full(STATES, areal_capacity)
    for offset in (0, PER_ELECTRODE):
        scale[offset + Q_DEAD] = scale[offset + Q_SEI_TOP] = scale[offset + Q_SEI_INTERIOR] = 0.05 * areal_capacity
        scale[offset + Q_PIT] = 0.03 * areal_capacity
        scale[offset + Q_TOP] = 0.006 * areal_capacity
        scale[offset + Q_ON_SITES] = 0.02 * areal_capacity
        scale[offset + Q_ON_CARBON] = 5e-5 * areal_capacity
        scale[offset + ROUGHNESS] = 1.0
    scale[ELECTROLYTE] = 0.1 * electrolyte
    scale[ADDITIVE] = max(additive, 0.05 * areal_capacity)
    scale[SHORT] = 10.0
    scale[HAZARD] = 1.0
    scale[LEAKED] = areal_capacity
    scale[EXCESS_SALT] = salt * 10.0
    scale[PASSED] = areal_capacity
    scale[SET_VOLTAGE] = 1.0
    scale[SALT:] = 6.0 * salt
    scale[SALT] = scale[-1] = 2.0 * salt  # at the faces, which the voltage feels
    return scale


@njit_inline
def electrode_blocks(y: Vector, dy: Vector, drive: Drive, scale: Vector, out: Vector, scratch: Scratch) -> float:
    """Find how the rates of each electrode depend on its own fast states, by differences; return the fastest [1/s].

    Both electrodes are disturbed at once, so that this costs FAST right-hand sides. What an electrode's stores gain and
    lose stays balanced: soft shorts, through which the other electrode's disturbance arrives here too, are left out.
    """
    stages, blocks = scratch.stages, scratch.blocks
    slope, point = stages[STAGES + 1], stages[STAGES + 2]
    guess_a, guess_b, through, voltage = scratch.guess[0], scratch.guess[1], out[OUT_THROUGH], out[OUT_VOLTAGE]
    fastest = 0.0
    for j in range(FAST):
        for i in range(y.shape[0]):
            point[i] = y[i]
        for e in range(blocks.shape[0]):
            i = PER_ELECTRODE * e + FAST_STATES[0 if e == drive.plating else 1, j]
            point[i] += DISTURBANCE * scale[i]
        electrode_rates(point, drive, slope, out, scratch)
        for e in range(blocks.shape[0]):
            offset = PER_ELECTRODE * e
            size = DISTURBANCE * scale[offset + FAST_STATES[0 if e == drive.plating else 1, j]]
            for i in range(PER_ELECTRODE):
                blocks[e, i, j] = (slope[offset + i] - dy[offset + i]) / size
                fastest = max(fastest, abs(blocks[e, i, j]) * scale[offset + FAST_STATES[0, j]] / scale[offset + i])
            imbalance = 0.0
            for i in LITHIUM_STORES:
                imbalance += blocks[e, i, j]
            blocks[e, Q_TOP, j] -= imbalance
    scratch.guess[0], scratch.guess[1], out[OUT_THROUGH], out[OUT_VOLTAGE] = guess_a, guess_b, through, voltage
    return fastest


@njit_inline
def attempt_step(
    y: Vector, dy: Vector, h: float, drive: Drive, rate_a: float, rate_b: float, out: Vector, scratch: Scratch
) -> None:
    """Take one Rosenbrock-W step of length `h` from `y`, whose derivative is `dy`.

    `rate_a` and `rate_b` [V/s] say how the overpotentials changed over the step before: where the scalar solves start.

    The first two rows of `scratch.points` receive the state at its end and the derivative there, row STAGES of
    `scratch.stages` the estimate of its error. The electrodes' part of the matrix is what `electrode_blocks` found.
    """
    new, dnew = scratch.points[0], scratch.points[1]
    stages = scratch.stages
    n = y.shape[0]
    shift = 1.0 / (h * GAMMA)
    wet_slope, pores = prepare_step(y, shift, drive, scratch)
    slope = stages[STAGES + 1]
    point = stages[STAGES + 2]
    base_a, base_b = scratch.guess[0], scratch.guess[1]
    for s in range(STAGES + 1):
        if s == STAGES:
            for i in range(n):
                change = 0.0
                error = 0.0
                for r in range(STAGES):
                    change += STEP_WEIGHTS[r] * stages[r, i]
                    error += ERROR_WEIGHTS[r] * stages[r, i]
                new[i] = y[i] + change
                stages[STAGES, i] = error
        elif s > 0:
            for i in range(n):
                point[i] = y[i]
            for r in range(s):
                weight, other = STAGE_STATE[s, r], stages[r]
                for i in range(n):
                    point[i] += weight * other[i]
        if 0 < s < STAGES:
            if s == 2:
                passed = STAGE_TIMES[1] * h
                rate_a, rate_b = (scratch.guess[0] - base_a) / passed, (scratch.guess[1] - base_b) / passed
            scratch.guess[0] = base_a + STAGE_TIMES[s] * h * rate_a
            scratch.guess[1] = base_b + STAGE_TIMES[s] * h * rate_b
        if s > 0:
            derivatives(point if s < STAGES else new, drive, slope if s < STAGES else dnew, out, scratch)
        if s < STAGES:
            stage, rate = stages[s], dy if s == 0 else slope
            for i in range(n):
                stage[i] = rate[i]
            for r in range(s):
                weight, other = STAGE_SUM[s, r] / h, stages[r]
                for i in range(n):
                    stage[i] += weight * other[i]
            solve_stage(y, shift, drive, scratch, wet_slope, pores, stage, point)


@njit
def interpolate(
    theta: float, h: float, y0: Vector, dy0: Vector, y1: Vector, dy1: Vector, stages: Matrix, point: Vector
) -> None:
    """Fill `point` with the state at the fraction `theta` of a step.

    Cubic Hermite where nothing is stiff. The salt takes the second-order extension built on the stages: its derivative
    at the ends of a long step is noise times the fastest diffusion rate, and must not be used.
    """
    t2 = theta * theta
    t3 = t2 * theta
    a, b = 2.0 * t3 - 3.0 * t2 + 1.0, (t3 - 2.0 * t2 + theta) * h
    c, d = 3.0 * t2 - 2.0 * t3, (t3 - t2) * h
    for i in range(SALT):
        point[i] = a * y0[i] + b * dy0[i] + c * y1[i] + d * dy1[i]
    for i in range(SALT, y0.shape[0]):
        change = 0.0
        for s in range(STAGES):
            change += (DENSE_WEIGHTS[s] * theta + (STEP_WEIGHTS[s] - DENSE_WEIGHTS[s]) * t2) * stages[s, i]
        point[i] = y0[i] + change


@njit_inner
def _report(sampled: Matrix, row: int, time: float, out: Vector) -> None:
    """Write time and outputs into a row of `sampled`."""
    sampled[row, 0] = time
    for k in range(sampled.shape[1] - 1):
        sampled[row, 1 + k] = out[k]


@njit_inner
def _first_event(y: Vector, out: Vector, drive: Drive, limits: Vector, values: Vector) -> int:
    """Return which event has happened at a state (the last in order, as a reason of `half_cycle`), or COMPLETE."""
    event_values(y, out, drive, limits, values)
    reason = COMPLETE
    for k in range(EVENTS):
        if values[k] <= 0.0:
            reason = k + 1
    return reason


@njit_inner
def _error_norm(y: Vector, electrodes: int, stages: Matrix, scale: Vector, tolerance: float) -> float:
    """Return the root mean square of the estimated errors over their tolerated size.

    The stores of the electrodes differ by decades from anode to anode: theirs is measured against what the larger of
    the two holds, or `scale` where that is more.
    """
    total = 0.0
    n = y.shape[0]
    error = stages[STAGES]
    first = PER_ELECTRODE * electrodes
    for i in range(PER_ELECTRODE):
        held = 0.0
        for k in range(i, first, PER_ELECTRODE):
            held = max(held, abs(y[k]))
        for k in range(i, first, PER_ELECTRODE):
            ratio = error[k] / max(scale[k], HELD_SHARE[i] * held)
            total += ratio * ratio
    for i in range(first, n):
        ratio = error[i] / scale[i]
        total += ratio * ratio
    return math.sqrt(total / n) / tolerance


@njit_inner
def _growth(error: float) -> float:
    """Return by what a step may change, 0.9 err^(-1/3), between 1/5 and 5; a tenth where the error is no number."""
    if not math.isfinite(error):
        return 0.1
    if error < 1e-6:
        return 5.0
    return min(5.0, max(0.2, 0.9 * error ** (-1.0 / 3.0)))


@njit_inner
def _next_step(step: float, error: float, last_step: float, last_error: float) -> float:
    """Return the step after one that was accepted: that of `_growth`, or less where the errors rise from step to step.

    The error constant is taken to change as it did from the step before (Gustafsson, ACM Trans. Math. Softw. 20, 496
    (1994)); without this, each step of a half cycle that ends steeply would be tried too long first.
    """
    growth = _growth(error)
    if last_step > 0.0 and error > 1e-6:
        growth = min(growth, max(0.2, growth * step / last_step * (max(last_error, 0.01) / error) ** (1.0 / 3.0)))
    return step * growth


@njit_inner
def _look(theta: float, step: float, y: Vector, dy: Vector, drive: Drive, out: Vector, scratch: Scratch) -> None:
    """Evaluate outputs at a fraction of the step that was attempted last; the state is in row 2 of `scratch.points`."""
    points = scratch.points
    interpolate(theta, step, y, dy, points[0], points[1], scratch.stages, points[2])
    derivatives(points[2], drive, points[3], out, scratch)


@njit_inline
def _locate(y: Vector, dy: Vector, step: float, width: float, drive: Drive, limits: Vector, out: Vector,
            scratch: Scratch) -> tuple[float, int]:  # fmt: skip
    """Return the fraction of a step at which the first event happens, by bisection to `width`, and which it is."""
    low, high, reason = 0.0, 1.0, COMPLETE
    while high - low > width:
        middle = 0.5 * (low + high)
        _look(middle, step, y, dy, drive, out, scratch)
        found = _first_event(scratch.points[2], out, drive, limits, scratch.points[4])
        if found != COMPLETE:
            high, reason = middle, found
        else:
            low = middle
    return high, reason


@njit_inline
def _sample(y: Vector, dy: Vector, t: float, step: float, drive: Drive, samples: Vector, next_sample: int,
            sampled: Matrix, out: Vector, scratch: Scratch) -> int:  # fmt: skip
    """Report at the times that lie within a step; return the first that is still open."""
    # What a sample finds must not move the steps that follow: they start from the guesses of the last step.
    guess_a, guess_b, found = scratch.guess[0], scratch.guess[1], scratch.points[5]
    found[OUT_THROUGH] = out[OUT_THROUGH]
    while next_sample < samples.shape[0] and samples[next_sample] <= t + step * (1.0 + 1e-12):
        _look((samples[next_sample] - t) / step, step, y, dy, drive, found, scratch)
        _report(sampled, next_sample, samples[next_sample], found)
        next_sample += 1
    scratch.guess[0], scratch.guess[1] = guess_a, guess_b
    return next_sample


@njit_cached
def half_cycle(y: Vector, dy: Vector, t: float, duration: float, h: float, settings: Vector, limits: Vector,
               drive: Drive, scale: Vector, samples: Vector, next_sample: int, sampled: Matrix, out: Vector,
               scratch: Scratch) -> tuple[int, float, float, int, int]:  # fmt: skip
    """Integrate from `t` to `duration` [s since the start of the half cycle], or to the first event.

    Parameters
    ----------
    y, dy : (STATES,) float
        State, overwritten with that of the end, and scratch for its derivative.
    h : float, s
        First step.
    settings : (2,) float
        Relative tolerance, and a fixed step [s] (0 for error control).
    limits : (5,) float, as `no_limits` lays them out
    drive : Drive;  scale : (STATES,) float, from `error_scale`
    samples : (m,) float, s;  next_sample : int;  sampled : (m, 1 + OUTPUTS) float
        Times to report at, the first that is still open, and where the outputs go.
    out : (OUTPUTS,) float;  scratch : Scratch

    Returns
    -------
    (reason, t, h, next_sample, steps)
    """
    new, dnew = scratch.points[0], scratch.points[1]
    controlled = settings[1] <= 0.0
    steps, attempts, rejected = 0, 0, False
    derivatives(y, drive, dy, out, scratch)
    fastest, known, reach, ending, step = math.inf, -math.inf, 0.0, COMPLETE, h
    last_step, last_error, rate_a, rate_b, guess = 0.0, 1.0, 0.0, 0.0, scratch.guess
    base_a, base_b = guess[0], guess[1]
    reason = _first_event(y, out, drive, limits, scratch.points[4])
    if next_sample < samples.shape[0] and samples[next_sample] <= t and reason == COMPLETE:
        _report(sampled, next_sample, t, out)
        next_sample += 1
    while reason == COMPLETE and duration - t > 1e-9 * duration:
        attempts += 1
        if attempts > ATTEMPTS_PER_CALL:
            return PAUSED, t, h, next_sample, steps
        if ending == COMPLETE:
            step = min(h if controlled else settings[1], duration - t)
            if controlled and 0.0 < duration - t - step < 0.1 * step:
                step = 0.5 * (duration - t)
        guess[0], guess[1] = base_a, base_b
        if step * fastest > SLOW and (rejected or t - known > AGE * step or step > 2.0 * reach):
            fastest, known, reach = electrode_blocks(y, dy, drive, scale, out, scratch), t, step
        attempt_step(y, dy, step, drive, rate_a, rate_b, out, scratch)
        error = _error_norm(y, scratch.blocks.shape[0], scratch.stages, scale, settings[0])
        if controlled and not error <= 1.0 and ending == COMPLETE:
            rejected = True
            h = step * _growth(error)
            if h < SMALLEST_STEP:
                return STEP_FAILED, t, h, next_sample, steps
            continue
        reason = _first_event(new, out, drive, limits, scratch.points[4])
        if ending != COMPLETE:
            reason = ending
        elif reason != COMPLETE:
            far = controlled and step > NEAR
            width = 0.02 if far else 1e-9 * duration / step
            fraction, found = _locate(y, dy, step, width, drive, limits, out, scratch)
            step *= fraction
            if far:
                # closer first: what ends a step may come steeply, and the interpolant of a long step misses it
                h, rejected = 0.9 * step, True
            else:
                ending = found if found != COMPLETE else reason
            reason = COMPLETE
            continue
        rate_a, rate_b = (guess[0] - base_a) / step, (guess[1] - base_b) / step
        base_a, base_b = guess[0], guess[1]
        next_sample = _sample(y, dy, t, step, drive, samples, next_sample, sampled, out, scratch)
        steps += 1
        t += step
        for i in range(y.shape[0]):
            y[i] = new[i]
            dy[i] = dnew[i]
        if controlled:
            h = _next_step(step, error, last_step, last_error)
            if rejected:
                h = min(h, step)
            last_step, last_error, rejected = step, error, False
    if reason != COMPLETE:
        return reason, t, h, next_sample, steps
    return COMPLETE, duration, h, next_sample, steps
