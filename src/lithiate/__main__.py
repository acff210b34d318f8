"""``python -m lithiate`` is the command line."""

from __future__ import annotations

from lithiate.cli import main

if __name__ == "__main__":
    main()
