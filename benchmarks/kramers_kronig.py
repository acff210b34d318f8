"""Claim: a Kramers-Kronig check takes at most 20 ms, a distribution of relaxation times at most 60 ms, on one core.

Spectra of 60 to 70 points: an arc, two depressed arcs, arcs with diffusion, with inductive leads, and a blocking cell.
Each is timed several times after a first call; its least time counts and the slowest spectrum decides. Time is that of
the processor, of one thread, so that other work on the machine does not count. Beside it the peer impedance.py
(https://github.com/ECSHackWeek/impedance.py, `linKK`, 50 elements at most) runs on the same spectra, where it can be
imported and runs; else a figure that was measured on another day is quoted as such. pyimpspec is GPL and never
imported; its figures are quoted.

Usage: python benchmarks/kramers_kronig.py
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from peers.impedance_py import find_impedance_py
from threadpoolctl import threadpool_limits

from lithiate.analysis.kramers_kronig import check_kramers_kronig
from lithiate.analysis.relaxation_times import fit_relaxation_times
from lithiate.formulas.circuit import depressed_arc, finite_length_diffusion

PROJECT = Path(__file__).resolve().parents[1]
RESULT = PROJECT / "benchmarks/results/kramers_kronig.json"
ROUNDS = 7
CHECK_LIMIT_SECONDS = 20e-3
TIMES_LIMIT_SECONDS = 60e-3
QUOTED = {
    "impedance.py 1.7.1 linKK": "0.010-0.095 s",
    "pyimpspec Kramers-Kronig": "7.6-9.5 s",
    "pyimpspec distribution of relaxation times": "0.063 s",
}
"""Seconds a spectrum, measured on another day; the peers' versions may differ."""

Spectrum = tuple[np.ndarray, np.ndarray]


def spectra() -> dict[str, Spectrum]:
    """Return spectra with 0.3 % of noise."""
    fast, slow = np.geomspace(1e6, 0.1, 70), np.geomspace(1e5, 1e-2, 60)
    w, v = 2.0 * math.pi * fast, 2.0 * math.pi * slow
    arc = 5.0 + depressed_arc(v, 40.0, 1e-3, 0.9)
    two = depressed_arc(w, 50.0, 1e-5, 0.85) + depressed_arc(w, 80.0, 1e-2, 0.85)
    exact = {
        "one arc": (fast, 10.0 + depressed_arc(w, 50.0, 1e-4, 1.0)),
        "two depressed arcs": (fast, 10.0 + two),
        "diffusion through a layer": (slow, arc + finite_length_diffusion(v, 60.0, 5.0)),
        "diffusion without end": (slow, arc + 15.0 / np.sqrt(1j * v)),
        "inductive leads": (fast, 2.0 + 1e-6j * w + depressed_arc(w, 5.0, 1e-4, 0.9) + depressed_arc(w, 3.0, 0.1, 0.9)),
        "blocking": (slow, 20.0 + depressed_arc(v, 100.0, 1e-5, 0.95) + 1e5 / (1j * v)),
    }
    rng = np.random.default_rng(0)
    return {
        name: (f, z * (1.0 + 3e-3 * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size))))
        for name, (f, z) in exact.items()
    }


def least_seconds(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the least processor time of a call, after one that is not counted."""
    call()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def peer_seconds(measured: dict[str, Spectrum]) -> dict[str, float] | str:
    """Return the peer's times by spectrum, or why there are none."""
    if not find_impedance_py():
        return "not installed"
    try:
        from impedance.validation import linKK

        # Version 1.7.1 evaluates numbers as printed, and numpy 2 prints np.float64(...), a name that it lacks there.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.printoptions(legacy="1.25"):
            warnings.simplefilter("ignore")
            return {
                name: least_seconds(lambda f=f, z=z: linKK(f, z, c=0.85, max_M=50, fit_type="complex", add_cap=True), 2)
                for name, (f, z) in measured.items()
            }
    except Exception as error:  # noqa: BLE001 - a peer may fail in any way, and then says so here
        return f"failed: {type(error).__name__}: {error}"


def main() -> int:
    """Run; 0 when both limits hold, 1 when one does not."""
    measured = spectra()
    with threadpool_limits(1):
        check = {n: least_seconds(lambda f=f, z=z: check_kramers_kronig(f, z)) for n, (f, z) in measured.items()}
        times = {n: least_seconds(lambda f=f, z=z: fit_relaxation_times(f, z)) for n, (f, z) in measured.items()}
        peer = peer_seconds(measured)
    slowest, longest = max(check.values()), max(times.values())
    holds = slowest <= CHECK_LIMIT_SECONDS and longest <= TIMES_LIMIT_SECONDS
    result = {
        "claim": f"check <= {CHECK_LIMIT_SECONDS * 1e3:g} ms, relaxation times <= {TIMES_LIMIT_SECONDS * 1e3:g} ms",
        "check_seconds": check,
        "relaxation_times_seconds": times,
        "impedance_py_seconds": peer,
        "quoted": QUOTED,
        "holds": holds,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for name in measured:
        beside = f", impedance.py linKK {peer[name] * 1e3:.0f} ms" if isinstance(peer, dict) else ""
        print(f"{name}: check {check[name] * 1e3:.1f} ms, relaxation times {times[name] * 1e3:.1f} ms{beside}")
    print(f"slowest: check {slowest * 1e3:.1f} ms (limit {CHECK_LIMIT_SECONDS * 1e3:g}), ", end="")
    print(f"relaxation times {longest * 1e3:.1f} ms (limit {TIMES_LIMIT_SECONDS * 1e3:g})")
    if isinstance(peer, str):
        print(f"impedance.py {peer}", file=sys.stderr)
    print("quoted from another day: " + "; ".join(f"{name} {value}" for name, value in QUOTED.items()))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
