"""
The sandbox that docs/how-to/monitor-and-renew.md shows, and what the page's commands print there.

Run as a program, it writes the blocks of the page again; look at the difference afterwards.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

from exportctl.cli.main import main
from exportctl.emulator import Emulator
from tests.docs.shown_commands import ROOT, UUID

PAGE = ROOT / "docs" / "how-to" / "monitor-and-renew.md"
MORE = """\
  stock-once:
    datasets: [Stock]
    schedule: {every: once, at: "06:00"}
  new-export:
    datasets: [Stock]
    destination: shared
    subpath: stock
"""
START = 1_795_237_200  # 2026-11-21 05:00:00 UTC; the emulator's clock stands still unless it is moved
ROWS = {"Orders": 1200, "Order Lines": 3400, "Returns": 75, "App Events": 900, "Loyalty Profiles": 500, "Stock": 640}
BLOCK = re.compile(r"```console\n\$ exportctl (.*?)\n(.*?)```", re.DOTALL)


def run_exportctl(folder: Path, *argv: str) -> str:
    out = io.StringIO()
    main(["-C", str(folder), *argv], {}, stdin=io.StringIO(), out=out, err=io.StringIO())
    return out.getvalue()


def prepare_folder(folder: Path) -> None:
    """Three days of a shop: rows come in, runs go out, a server is gone, and jane pauses two flows."""
    (folder / "exports.yaml").write_text((ROOT / "exports.yaml").read_text(encoding="utf-8") + MORE, encoding="utf-8")
    path = folder / ".exportctl" / "0123456789ABCDEF01234567.sqlite"
    Emulator(path, clock=START, organization="0123456789ABCDEF01234567@AdobeOrg").close()
    run_exportctl(folder, "emulator", "seed", "--from-config")
    run_exportctl(folder, "apply", "--auto-approve", "--target", "exports.[!n]*")
    for day in range(3):
        if day == 2:
            run_exportctl(folder, "emulator", "storage", "set", "sftp", "sftp://127.0.0.1:9")
            run_exportctl(folder, "emulator", "ui", "disable", "profiles-to-science", "--as", "jane")
            run_exportctl(
                folder, "emulator", "ui", "end", "sales-to-lake/returns", "2026-11-26T12:00:00Z", "--as", "jane"
            )
        emulator = Emulator(path)
        for name, rows in ROWS.items():
            emulator.ingest("demo", name, rows)
        emulator.close()
        run_exportctl(folder, "emulator", "clock", "advance", "1 day")


def commands(text: str) -> list[tuple[str, str]]:
    """What the page shows: pairs of a command without its first word, and its output."""
    return BLOCK.findall(text)


def mask_ids_and_sizes(text: str) -> str:
    """Without ids, and the sizes of what is compressed, which differ from run to run; the clock stands still."""
    return re.sub(r"\d+\.\d KiB", "SIZE", re.sub(UUID, "ID", text))


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        prepare_folder(Path(name))
        for command, shown in commands(text):
            printed = run_exportctl(Path(name), *command.split())
            if mask_ids_and_sizes(printed) != mask_ids_and_sizes(shown):
                text = text.replace(f"$ exportctl {command}\n{shown}", f"$ exportctl {command}\n{printed}", 1)
    PAGE.write_text(text, encoding="utf-8")
