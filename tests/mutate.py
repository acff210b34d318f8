"""Mutates files, reads what comes of it, and says what happened: run as a program, so that a hang or a crash is seen.

``python mutate.py SEED COUNT FILE...`` prints one JSON line a file: how often a mutation gave a record, which codes
errors had, and everything that was neither, and the peak of memory [bytes].
"""

from __future__ import annotations

import collections
import json
import resource
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import numpy as np

ADDRESS_SPACE = 6 << 30


def mutated(content: bytes, how: int, draw: np.random.Generator) -> bytes:
    """Return the content after one of eight kinds of damage."""
    data = bytearray(content)
    size = len(data)
    if how == 0:  # cut off
        return bytes(data[: draw.integers(1, size)])
    if how == 1:  # some bytes overwritten
        for position in draw.integers(size, size=20):
            data[position] = draw.integers(256)
        return bytes(data)
    if how == 2:  # a line left out
        lines = content.split(b"\n")
        del lines[int(draw.integers(len(lines)))]
        return b"\n".join(lines)
    if how == 3:  # a piece left out
        start = int(draw.integers(size))
        return content[:start] + content[start + int(draw.integers(1, 300)) :]
    if how == 4:  # punctuation in the head
        for position in draw.integers(min(size, 3000), size=5):
            data[position] = draw.choice([9, 10, 13, 32, 44, 46, 45, 48, 59])
        return bytes(data)
    if how == 5:  # a piece twice
        start, length = int(draw.integers(size)), int(draw.integers(1, 2000))
        return content[: start + length] + content[start:]
    if how == 6:  # numbers of four bytes in the head set to extremes
        for position in draw.integers(min(size, 2000), size=2):
            data[position : position + 4] = draw.choice([b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0"])
        return bytes(data[:size])
    start = int(draw.integers(size))  # zeros, as when a disk was full
    return content[:start] + bytes(size - start)


def main() -> None:
    import lithiate
    from lithiate.errors import LithiateError

    seed, count, paths = int(sys.argv[1]), int(sys.argv[2]), [Path(name) for name in sys.argv[3:]]
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            content = path.read_bytes()
            draw = np.random.default_rng([seed, *path.name.encode()])
            target = Path(folder) / path.name
            counts: collections.Counter[str] = collections.Counter()
            faults: list[str] = []
            longest = 0.0
            for number in range(count):
                target.write_bytes(mutated(content, number % 8, draw))
                begin = time.monotonic()
                try:
                    lithiate.read(target)
                    counts["read"] += 1
                except LithiateError as error:
                    counts[error.code] += 1
                except BaseException as error:
                    frame = traceback.extract_tb(error.__traceback__)[-1]
                    faults.append(
                        f"{number} {type(error).__name__}: {str(error)[:120]} ({frame.filename}:{frame.lineno})"
                    )
                longest = max(longest, time.monotonic() - begin)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            line = {"file": path.name, "counts": counts, "faults": faults, "longest": longest, "peak": peak}
            print(json.dumps(line), flush=True)  # noqa: T201 - the output of the program


if __name__ == "__main__":
    main()
