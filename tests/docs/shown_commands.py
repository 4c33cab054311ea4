"""
The scenes of the console blocks of README.md and docs/, page by page, and the few commands that cannot run here.

Run as a program (`make docs` does), this writes the outputs of one run into the pages. Look at the difference then.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from exportctl.emulator.auth import PERMISSIONS
from tests.cli.emulator_server import CONFIG as THREE_SANDBOXES
from tests.docs.console_blocks import ROOT, Scene, rewrite_page
from tests.docs.scene_steps import (
    APPLY,
    CLONE,
    EMBEDDED,
    ENVIRONMENTS,
    EXAMPLE,
    FLEET,
    NO_EXPORTS,
    NORTHWIND,
    NOVEMBER,
    PARTNER,
    PARTNER_RUNS,
    PAUSE,
    READER,
    REAL,
    REMOVED,
    RENAMED,
    SEED,
    SHOP,
    SPLIT,
    THREE_DAYS,
    TOO_MANY,
    WEB,
    all_of,
    commit,
    create_flow_by_hand,
    damage_files,
    do_nothing,
    forget,
    git,
    northwind,
    page_config,
    paste_block,
    permit,
    raise_marker,
    remove_folder,
    replace,
    run,
    seed_environments,
    start_emulator,
    write,
    write_former_format,
    write_teams,
)

SCENES = {
    "README.md": Scene(northwind()),
    FLEET: Scene(write_teams),
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
    "docs/how-to/run-in-azure-devops.md": Scene(CLONE),
    "docs/how-to/run-in-github.md": Scene(CLONE),
    "docs/how-to/run-in-gitlab.md": Scene(CLONE),
    "docs/how-to/run-in-jenkins.md": Scene(CLONE),
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
    "docs/how-to/roll-back.md": Scene(
        all_of(
            northwind(),
            git("init", "--quiet"),
            write(".exportctl\n", ".gitignore"),
            commit("Add the exports", "08:00"),
            replace(PARTNER_RUNS, PARTNER_RUNS + "    schedule: {every: 6 hours, at: \"00:00\"}\n"),
            commit("Send the orders to the partner every 6 hours", "09:00"),
            APPLY,
        ),
        (
            ("exportctl plan", do_nothing),
            (
                "exportctl plan",
                all_of(
                    write(NORTHWIND.partition("  profiles-to-science:")[0] + REMOVED),
                    commit("Remove the export of profiles", "11:10"),
                    APPLY,
                    git("revert", "--no-edit", "HEAD"),
                ),
            ),
            ("git checkout", all_of(commit("Nothing", "11:20"), APPLY)),
        ),
    ),
    "docs/how-to/upgrade.md": Scene(
        start_emulator(),
        (
            ("exportctl validate", write('minimum_version: "9.0"\n' + EMBEDDED)),
            ("exportctl apply", all_of(write(EMBEDDED), SEED, run("plan", "--out", "plan.json"), write_former_format)),
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
    "docs/how-to/show-the-state.md": Scene(all_of(northwind(), APPLY)),
    "docs/how-to/troubleshoot.md": Scene(
        start_emulator(),
        (
            ("exportctl plan", do_nothing),
            ("exportctl plan", write(REAL)),
            ("exportctl plan", write(EXAMPLE)),
            ("exportctl validate", write(REAL.replace("destination: zone", "destination: zoen"))),
            ("exportctl plan", write(REAL.replace("sandbox: dev", "sandbox: dev, url: https://platform.example"))),
            ("exportctl plan", all_of(write(EMBEDDED), SEED, permit("View Datasets"))),
            ("exportctl plan", all_of(permit(*PERMISSIONS), write(EMBEDDED.replace("[Orders]", "[Order]")))),
            ("exportctl plan", all_of(write(EMBEDDED), run("emulator", "faults", "add", TOO_MANY))),
            ("exportctl apply", run("emulator", "faults", "clear")),
            (
                "exportctl apply --auto",
                all_of(
                    run("emulator", "clock", "set", "2026-12-01T12:05:00Z"),  # the service asked to wait: some seconds
                    APPLY,
                    write(EMBEDDED.replace("{orders: {datasets: [Orders]}}", "{}")),
                ),
            ),
            (
                "exportctl apply plan",
                all_of(
                    write(EMBEDDED.replace("02:00", "03:00")),
                    run("plan", "--out", "plan.json"),
                    run("emulator", "ui", "path", "orders", "by-jane", "--as", "jane"),
                ),
            ),
            (
                "exportctl apply --auto",
                all_of(
                    write(EMBEDDED.replace("[Orders]}}", "[Orders]}, returns: {datasets: [Returns]}}")),
                    SEED,
                    APPLY,
                    replace("[Returns]}}", "[Returns]}, web: {datasets: [Web]}}"),
                    SEED,
                    permit(*READER, "Manage Destinations"),
                ),
            ),
        ),
    ),
    "docs/how-to/verify-delivery.md": Scene(
        all_of(SHOP, run("emulator", "clock", "advance", "3 hours")),
        (("exportctl verify --since", damage_files),),
    ),
}  # fmt: skip

# page -> how a command begins -> why it cannot run here. May only shrink: tests/docs/test_shown_commands.py
NOT_RUN: dict[str, dict[str, str]] = {
    "README.md": {
        "make ": "makes an environment of its own; tests/cli/test_cli_demo.py runs the demo",
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
