"""Claim: reading a large Neware file costs at most 1.2 times what fastnda alone needs for it.

Peer and ours run in turn in one process; the ratio is the median of five pairs. Both give the same time, voltage and
current, which is checked before anything is timed.

Usage: python benchmarks/read_neware.py [FILE]
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
import time
from pathlib import Path

import fastnda
import numpy as np

from lithiate.readers import read

PROJECT = Path(__file__).resolve().parents[1]
DEFAULT = PROJECT.parent / "shared/data/cycler/neware/BTS85-36-6-5-110-20240424.ndax"
RESULT = PROJECT / "benchmarks/results/read_neware.json"
PAIRS = 5
LIMIT = 1.2


def same_answer(path: Path) -> int:
    """Return the number of rows, after comparing both readers row by row."""
    frame, record = fastnda.read(path, cycle_mode="raw"), read(path)
    np.testing.assert_array_equal(record.time, frame["total_time_s"].to_numpy())
    np.testing.assert_array_equal(record.voltage, frame["voltage_V"].to_numpy().astype(float))
    np.testing.assert_allclose(record.current, frame["current_mA"].to_numpy().astype(float) * 1e-3, rtol=1e-15)
    return frame.height


def measure(path: Path) -> tuple[list[float], list[float]]:
    """Return the wall times [s] of the peer and of ours, in pairs."""
    peer, ours = [], []
    for _ in range(PAIRS):
        start = time.perf_counter()
        fastnda.read(path, cycle_mode="raw")
        middle = time.perf_counter()
        read(path)
        peer.append(middle - start)
        ours.append(time.perf_counter() - middle)
    return peer, ours


def main() -> int:
    """Run the comparison; 0 when the limit holds, 1 when it does not, 2 without a file."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    if not path.is_file():
        print(f"no file to read: {path}; give the path of a .nda or .ndax file", file=sys.stderr)
        return 2
    logging.getLogger("fastnda").setLevel(logging.CRITICAL)
    rows = same_answer(path)
    peer, ours = measure(path)
    ratio = statistics.median(b / a for a, b in zip(peer, ours, strict=True))
    result = {
        "claim": f"reading a Neware file takes at most {LIMIT} x fastnda's own time",
        "file": path.name,
        "rows": rows,
        "fastnda": fastnda.__version__,
        "fastnda_seconds": peer,
        "lithiate_seconds": ours,
        "ratio_median": ratio,
        "holds": ratio <= LIMIT,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(
        f"{path.name}: {rows} rows, fastnda {statistics.median(peer):.3f} s, lithiate {statistics.median(ours):.3f} s, "
        f"ratio {ratio:.3f} (limit {LIMIT})"
    )
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
