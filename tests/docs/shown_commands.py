"""
What the console blocks of README.md and docs/ start from, page by page, and the few commands that cannot run here.

Run as a program (`make docs` does), this writes the outputs of one run into the pages. Look at the difference then.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from exportctl.emulator import Emulator, SeedDataset
from tests.cli.emulator_server import CONFIG as THREE_SANDBOXES
from tests.docs.console_blocks import ROOT, Preparation, Scene, rewrite_page, run_exportctl

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
STORE = ".exportctl/0123456789ABCDEF01234567.sqlite"
NOON = 1_796_126_400  # 2026-12-01 12:00 UTC
NOVEMBER = 1_795_237_200  # 2026-11-21 05:00 UTC
NORTHWIND = (ROOT / "exports.yaml").read_text(encoding="utf-8")


def start_emulator(clock: int = NOON) -> Preparation:
    """An emulator without sandboxes, its clock stopped."""
    return lambda folder: Emulator(folder / STORE, clock=clock, organization=ORGANIZATION).close()


def run(*argv: str) -> Preparation:
    """One command that the page does not show."""

    def run_it(folder: Path) -> None:
        code, printed = run_exportctl(folder, *argv)
        assert code == 0, printed

    return run_it


def write(text: str, name: str = "exports.yaml") -> Preparation:
    """A file, as a reader edits it."""

    def write_it(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    return write_it


def replace(before: str, after: str) -> Preparation:
    """One text of the config replaced."""

    def replace_it(folder: Path) -> None:
        text = (folder / "exports.yaml").read_text(encoding="utf-8")
        assert before in text
        write(text.replace(before, after, 1))(folder)

    return replace_it


def forget(folder: Path) -> None:
    """Begin with another emulator."""
    shutil.rmtree(folder / ".exportctl")


def all_of(*steps: Preparation) -> Preparation:
    def do_all(folder: Path) -> None:
        for step in steps:
            step(folder)

    return do_all


PAUSE = run("emulator", "ui", "disable", "orders-to-partner")
SEED = run("emulator", "seed", "--from-config")
APPLY = run("apply", "--auto-approve")


def northwind(clock: int = NOON) -> Preparation:
    """The config of this repository, and an emulator that has its datasets."""
    return all_of(write(NORTHWIND), start_emulator(clock), SEED)


# -- monitor-and-renew: three days in which rows come in, runs go out, a server is gone, and jane pauses two flows -----

MORE_EXPORTS = """\
  stock-once:
    datasets: [Stock]
    schedule: {every: once, at: "06:00"}
  new-export:
    datasets: [Stock]
    destination: shared
    subpath: stock
"""
ROWS = {"Orders": 1200, "Order Lines": 3400, "Returns": 75, "App Events": 900, "Loyalty Profiles": 500, "Stock": 640}


def ingest(rows: dict[str, int], sandbox: str = "demo") -> Preparation:
    def ingest_them(folder: Path) -> None:
        with closing(Emulator(folder / STORE)) as emulator:
            for name, count in rows.items():
                emulator.ingest(sandbox, name, count)

    return ingest_them


ONE_DAY = all_of(ingest(ROWS), run("emulator", "clock", "advance", "1 day"))
THREE_DAYS = all_of(
    write(NORTHWIND + MORE_EXPORTS),
    start_emulator(NOVEMBER),
    SEED,
    run("apply", "--auto-approve", "--target", "exports.[!n]*"),
    ONE_DAY,
    ONE_DAY,
    run("emulator", "storage", "set", "sftp", "sftp://127.0.0.1:9"),
    run("emulator", "ui", "disable", "profiles-to-science", "--as", "jane"),
    run("emulator", "ui", "end", "sales-to-lake/returns", "2026-11-26T12:00:00Z", "--as", "jane"),
    ONE_DAY,
)

# -- rename-split-and-clean-up, move-exports-between-projects ---------------------------------------------------------

WEB = "  web-to-lake:\n    datasets: [web, App Events] # one flow for both\n    schedule: frequent\n"
SPLIT = WEB + "    split_by: dataset\n"
RENAMED = SPLIT + "    renamed_from: {web: web-to-lake}\n"


def paste_block(folder: Path) -> None:
    """What a reader does: the lines from `move_from:` to the next empty one."""
    lines = run_exportctl(folder, "plan")[1].split("\n")
    block = lines[lines.index("move_from:") :]
    config = folder / "exports.yaml"
    config.write_text("\n".join((*block[: block.index("")], config.read_text(encoding="utf-8"))), encoding="utf-8")


# -- verify-delivery, prove-a-backup ----------------------------------------------------------------------------------

DELIVERIES = """\
version: 1
project: demo
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo, url: embedded}
defaults:
  destination: lake
  schedule: {every: 3 hours, at: "00:00"}
  format: {type: parquet, manifest: true}
  end: {rolling: 180 days, renew_before: 30 days}
destinations: {lake: {type: amazon-s3, bucket: acme-lake, path: aep, auth: {role_arn: "${env:ROLE}"}}}
exports: {orders: {datasets: [Orders]}, returns: {datasets: [Returns]}}
"""


def seed_shop(folder: Path) -> None:
    with closing(Emulator(folder / STORE)) as emulator:
        emulator.seed(["demo"], {"demo": [SeedDataset("Orders", rows=1200), SeedDataset("Returns", rows=80)]})


def damage_files(folder: Path) -> None:
    """The next run: one file is cut short, another one deleted."""
    ingest({"Orders": 300, "Returns": 20})(folder)
    run("emulator", "clock", "advance", "3 hours")(folder)
    orders, returns = sorted(folder.rglob("*/exportTime=202611240600/part-00000*"), reverse=True)
    orders.write_bytes(orders.read_bytes()[:-100])
    returns.unlink()


SHOP = all_of(write(DELIVERIES), start_emulator(1_795_482_000), seed_shop, APPLY)  # 2026-11-24 01:00 UTC

# -- use-several-environments -----------------------------------------------------------------------------------------

PARTNER = """\
version: 1
project: acme
defaults:
  destination: lake
  schedule: {every: 1 day, at: "02:00"}
  format: json
  end: {rolling: 180 days, renew_before: 30 days}
destinations:
  partner: {type: sftp, host: sftp.partner.example, path: /in, auth: {username: acme, private_key: "${env:KEY}"}}
"""


def page_config(page: str) -> str:
    """The first YAML block of a page, on the embedded emulator."""
    text = (ROOT / page).read_text(encoding="utf-8")
    _, _, rest = text.partition("```yaml\n")
    return rest.partition("```")[0].replace("AdobeOrg}", "AdobeOrg, url: embedded}", 1)


def seed_environments(folder: Path) -> None:
    """prod has two datasets of one name, and no sandbox has the name stage."""
    with closing(Emulator(folder / STORE)) as emulator:
        emulator.seed(["dev", "prod"], {"dev": [SeedDataset("Orders")], "prod": [SeedDataset("Orders")]})
        emulator.seed(["prod"], {"prod": [SeedDataset("Returns"), SeedDataset("Returns")]})


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder / "exports")


ENVIRONMENTS = "docs/how-to/use-several-environments.md"
EXAMPLE = (ROOT / "examples" / "environments" / "exports.yaml").read_text(encoding="utf-8")

# -- import-existing-flows, comparison --------------------------------------------------------------------------------


def create_flow_by_hand(folder: Path) -> None:
    with closing(Emulator(folder / STORE)) as emulator:
        emulator.seed(["demo"], {"demo": [SeedDataset("Orders")]})
        emulator.ui.create_flow("Orders to the lake", ["Orders"], sandbox="demo")


def raise_marker(folder: Path) -> None:
    """What a newer exportctl writes."""
    with closing(Emulator(folder / STORE)) as emulator:
        (flow,) = (one for one in emulator.snapshot("demo")["flows"] if one["name"] == "orders-to-partner")
        emulator.ui.describe(flow["id"], flow["description"].replace("[exportctl/2 ", "[exportctl/3 "))


NO_EXPORTS = """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo, url: embedded}
"""

SCENES = {
    "README.md": Scene(northwind()),
    "docs/comparison.md": Scene(
        all_of(northwind(), APPLY),
        (
            ("exportctl plan", raise_marker),
            ("exportctl apply", all_of(forget, northwind(), APPLY, PAUSE)),
        ),
        {"exportctl apply": "yes"},
    ),
    "docs/getting-started.md": Scene(start_emulator(), (("exportctl validate", SEED),)),
    "docs/tutorial.md": Scene(start_emulator(), (("exportctl validate", SEED),)),
    "docs/how-to/accept-a-hand-edit.md": Scene(
        all_of(
            northwind(),
            APPLY,
            run("emulator", "ui", "path", "orders-to-partner", "/somewhere/else"),
            run("emulator", "ui", "disable", "profiles-to-science"),
        )
    ),
    "docs/how-to/back-up-cja-data.md": Scene(start_emulator(), (("exportctl validate", SEED),)),
    "docs/how-to/import-existing-flows.md": Scene(
        all_of(write(NO_EXPORTS), start_emulator(), create_flow_by_hand), answers={"exportctl apply": "yes"}
    ),
    "docs/how-to/monitor-and-renew.md": Scene(THREE_DAYS),
    "docs/how-to/move-exports-between-projects.md": Scene(
        all_of(northwind(NOVEMBER), APPLY),
        (
            ("exportctl plan", replace("project: northwind\n", "project: northwind-exports\n")),
            ("exportctl apply", paste_block),
            ("exportctl plan", write(NORTHWIND)),
        ),
    ),
    "docs/how-to/plan-without-network.md": Scene(
        all_of(
            write(
                NORTHWIND.replace("  sandbox: demo\n", "") + "environments: {prod: {platform: {sandbox: prod}}}\n"
            ),
            start_emulator(1_795_572_000),  # 2026-11-25 02:00 UTC
            run("emulator", "seed", "--from-config", "--env", "prod"),
            run("apply", "--auto-approve", "--env", "prod"),
        ),
        (("exportctl plan", replace("exports:\n", "exports:\n  extra: {datasets: [Returns], subpath: extra}\n")),),
        options={"exportctl plan": ("--now", "2026-11-25T09:00:00Z")},
    ),
    "docs/how-to/prove-a-backup.md": Scene(
        all_of(SHOP, run("emulator", "clock", "advance", "1 day")),
        (("exportctl backup status", run("emulator", "clock", "advance", "2 days")),),
    ),
    "docs/how-to/rename-split-and-clean-up.md": Scene(
        all_of(northwind(NOVEMBER), APPLY),
        (
            ("exportctl plan", replace("  web-to-lake:", "  web-traffic:")),
            ("exportctl plan", write(NORTHWIND.replace(WEB, SPLIT))),
            ("exportctl plan", write(NORTHWIND.replace(WEB, RENAMED))),
            (
                "exportctl plan",
                all_of(
                    run("emulator", "ui", "delete", "web-to-lake"),
                    run("emulator", "clock", "advance", "1 hour"),
                    write(NORTHWIND.replace(WEB, "")),
                ),
            ),
        ),
    ),
    "docs/how-to/rotate-a-key.md": Scene(
        all_of(
            write(
                NORTHWIND.replace('private_key: "${env:PARTNER_SSH_KEY}"', 'password: "${env:PARTNER_PASSWORD}"')
                .replace("  sandbox: demo\n", "")
                + "environments: {prod: {platform: {sandbox: shop}}}\n"
            ),
            start_emulator(),
            run("emulator", "seed", "--from-config", "--env", "prod"),
            run("apply", "--auto-approve", "--env", "prod"),
        ),
        answers={"exportctl rotate": "yes"},
    ),
    ENVIRONMENTS: Scene(
        all_of(write(page_config(ENVIRONMENTS)), write(PARTNER, "exports/partner.yaml"), start_emulator(1_795_593_600),
               seed_environments),
        (
            (
                "exportctl plan --all",
                all_of(
                    remove_folder,
                    write(THREE_SANDBOXES.replace('"URL"', "embedded")),
                ),
            ),
            ("exportctl apply", all_of(write(page_config(ENVIRONMENTS)), write(PARTNER, "exports/partner.yaml"))),
            ("exportctl diff", all_of(remove_folder, write(EXAMPLE))),
        ),
        {"exportctl apply": "prod"},
    ),
    "docs/how-to/verify-delivery.md": Scene(
        all_of(SHOP, run("emulator", "clock", "advance", "3 hours")),
        (("exportctl verify --since", damage_files),),
    ),
}  # fmt: skip

# page -> how a command begins -> why it cannot run here. May only shrink: tests/docs/test_shown_commands.py
NOT_RUN: dict[str, dict[str, str]] = {
    "README.md": {
        "make ": "makes an environment of its own; tests/docs/test_setup.py runs the demo",
        "python3 -m venv": "installs",
        ".venv/bin/": "installs",
    },
    "docs/getting-started.md": {
        "exportctl emulator credentials": "needs a served emulator; tests/cli/test_emulator_credentials_cli.py has one",
        "exportctl doctor": "needs a served emulator",
    },
    "docs/probe.md": {
        "exportctl probe": "asks for minutes or hours; tests/probe and tests/cli/test_probe_cli.py run it",
        "exportctl emulator": "needs a profile that a probe of a real sandbox wrote",
    },
    "docs/how-to/let-verify-read-storage.md": {
        "eval": "Amazon's command line",
        "az ": "Azure's command line",
        "gcloud ": "Google's command line",
        "ssh-keyscan": "an SFTP server of a partner",
    },
    "docs/how-to/verify-delivery.md": {
        "exportctl verify --target exports.orders --wait": "waits; tests/cli/test_verify_cli.py runs --wait",
    },
}


if __name__ == "__main__":
    for name, scene in SCENES.items():
        page = ROOT / name
        with tempfile.TemporaryDirectory() as folder:
            text = rewrite_page(page.read_text(encoding="utf-8"), scene, Path(folder), NOT_RUN.get(name, {}))
        page.write_text(text, encoding="utf-8")
