"""Steps that happen before the commands of a page: edits of a reader, of a person in the UI, and of the world."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

from exportctl.emulator import Emulator, SeedDataset
from exportctl.emulator.auth import CLIENT_ID, CLIENT_SECRET
from tests.cli.command_line import LAKE_AND_ORDERS
from tests.docs.console_blocks import ROOT, Preparation, run_exportctl, run_program

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


def do_nothing(folder: Path) -> None:
    """The command before it changed nothing either."""


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


# -- monitor-and-renew: three days in which rows come in, runs go out, a server is gone, and jane pauses two flows ---

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

# -- rename-split-and-clean-up, move-exports-between-projects -------------------------------------------------------

WEB = "  web-to-lake:\n    datasets: [web, App Events] # one flow for both\n    schedule: frequent\n"
SPLIT = WEB + "    split_by: dataset\n"
RENAMED = SPLIT + "    renamed_from: {web: web-to-lake}\n"


def paste_block(folder: Path) -> None:
    """What a reader does: the lines from `move_from:` to the next empty one."""
    lines = run_exportctl(folder, "plan")[1].split("\n")
    block = lines[lines.index("move_from:") :]
    config = folder / "exports.yaml"
    config.write_text("\n".join((*block[: block.index("")], config.read_text(encoding="utf-8"))), encoding="utf-8")


# -- verify-delivery, prove-a-backup --------------------------------------------------------------------------------

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

# -- use-several-environments ---------------------------------------------------------------------------------------

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

# -- import-existing-flows, comparison ------------------------------------------------------------------------------


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

# -- troubleshoot -----------------------------------------------------------------------------------------------------

REAL = """\
version: 1
project: shop
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: dev}
destinations: {zone: {type: data-landing-zone, path: exports}}
defaults: {destination: zone, schedule: {every: 1 day, at: "02:00"}, format: parquet, end: {rolling: 180 days}}
exports: {orders: {datasets: [Orders]}}
"""
EMBEDDED = REAL.replace("sandbox: dev", "sandbox: dev, url: embedded")


TOO_MANY = json.dumps({"effect": "throttle", "count": 20, "method": "GET", "path": "/flows$"})
READER = ("View Destinations", "View Datasets")


def permit(*permissions: str) -> Preparation:
    """From now on, the credential of the embedded emulator has only these permissions."""

    def permit_them(folder: Path) -> None:
        with closing(Emulator(folder / STORE)) as emulator:
            emulator.register_client(CLIENT_ID, CLIENT_SECRET, permissions)

    return permit_them


# -- roll-back, upgrade -----------------------------------------------------------------------------------------------

PARTNER_RUNS = "    destination: partner\n"
REMOVED = "removed: [{export: profiles-to-science, do: delete, reason: the scientists read another one}]\n"


def git(*words: str, time: str = "11:15") -> Preparation:
    """A command of Git, at this time of the day on which the emulator stands."""

    def run_git(folder: Path) -> None:
        run_program(folder, "git", *words, moment=f"2026-12-01T{time}:00Z")

    return run_git


CLONE = all_of(
    northwind(),
    git("init", "--quiet"),
    git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"),
)


def commit(subject: str, time: str) -> Preparation:
    return all_of(git("add", "--all"), git("commit", "--quiet", "--allow-empty", "--message", subject, time=time))


def write_former_format(folder: Path) -> None:
    """A plan that an exportctl with another format saved."""
    text = (folder / "plan.json").read_text(encoding="utf-8")
    (folder / "plan.json").write_text(text.replace('"format_version": 2', '"format_version": 1'), encoding="utf-8")


# -- run-many-sandboxes -----------------------------------------------------------------------------------------------

_TEAM = (
    """\
version: 1
project: TEAM
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, url: embedded}
"""
    + LAKE_AND_ORDERS
)
FLEET = "docs/how-to/run-many-sandboxes.md"


def write_teams(folder: Path) -> None:
    """Two projects with a stopped clock, applied; then a person edits a path in sandbox prod."""
    sales = _TEAM + "environments:\n  dev: {platform: {sandbox: dev}}\n  prod: {platform: {sandbox: prod}}\n"
    web = _TEAM.replace("url: embedded", "sandbox: web, url: embedded")
    fleet = (ROOT / FLEET).read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    for team, text in (("sales", sales), ("web", web)):
        own = folder / "teams" / team
        own.mkdir(parents=True)
        (own / "exports.yaml").write_text(text.replace("TEAM", team), encoding="utf-8")
        start_emulator()(own)
    (folder / "teams" / "fleet.yaml").write_text(fleet, encoding="utf-8")
    for words in (("-C", "teams/sales", "-e", "dev"), ("-C", "teams/sales", "-e", "prod"), ("-C", "teams/web")):
        run(*words, "emulator", "seed", "--from-config")(folder)
        run(*words, "apply", "--auto-approve", "--parallelism", "1")(folder)
    run("-C", "teams/sales", "-e", "prod", "emulator", "ui", "path", "orders", "by/hand")(folder)
