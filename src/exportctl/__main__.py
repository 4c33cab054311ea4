"""`python -m exportctl` is `exportctl`."""

from __future__ import annotations

from exportctl.cli import run

if __name__ == "__main__":
    run()
