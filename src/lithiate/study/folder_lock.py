"""One run at a time in an output folder."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from lithiate.errors import StudyError, WriteError

LOCK_NAME = ".lithiate-lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make `folder` and hold its lock; the lock of a process of this host that has ended is taken over.

    Raises
    ------
    StudyError
        ``LI-STUDY-002`` when another run holds the lock.
    WriteError
        ``LI-WRITE-001`` when the folder cannot be made or written.
    """
    path = folder / LOCK_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not _acquire(path):
            _refuse_living_owner(path)
            path.unlink(missing_ok=True)
            if not _acquire(path):
                _refuse_living_owner(path)
    except OSError as error:
        raise WriteError(
            "the output folder cannot be written",
            code="LI-WRITE-001",
            where=str(folder),
            got=error.strerror or str(error),
            expected="a folder, or a path where one can be made (--out)",
        ) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _acquire(path: Path) -> bool:
    try:
        # Exclusive creation: of two runs that start together, one gets the lock.
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, stream)
    return True


def _refuse_living_owner(path: Path) -> None:
    try:
        owner = json.loads(path.read_text(encoding="utf-8"))
        pid, host = int(owner["pid"]), str(owner["host"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        # A run that was killed while it wrote its lock left it empty.
        return
    if host != socket.gethostname() or _is_running(pid):
        raise StudyError(
            "another run is using the output folder",
            code="LI-STUDY-002",
            where=str(path.parent),
            got=f"process {pid} on {host}",
            expected=f"a folder of its own (--out), or the end of that run; if it is gone, delete {path.name}",
        )


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
