"""
The names of all commands, each with the module that defines it and its one-line help.

This is data, so that help and completion list commands without loading them. A path is what one types after
`exportctl`, such as `backup status`. The rows are in the order in which help and docs/cli.md show them. A test
compares them with the COMMANDS of the modules.
"""

from __future__ import annotations

from collections.abc import Mapping

COMMANDS: Mapping[str, tuple[str, str]] = {  # path -> module below exportctl.cli, and one-line help
    "init": ("init", "Write a first exports.yaml, or the jobs of a CI system."),
    "validate": ("offline", "Check the config of all environments. Reads no network."),
    "schema": ("offline", "Print the JSON Schema of the config or of JSON output."),
    "explain": ("offline", "Explain a term, a rule, an exit code or a config field."),
    "completion": ("offline", "Print the completion script for a shell."),
    "plan": ("plan", "Show what apply would change, and why. Read-only."),
    "show": ("plan", "Show a saved plan. Reads no config and no network."),
    "apply": ("apply", "Make the sandbox equal to the config."),
    "renew": ("apply", "Move the rolling ends that are due, and nothing else."),
    "rotate": ("apply", "Send the secrets of one account again."),
    "drift": ("monitoring", "Show what was changed by hand in the sandbox. Read-only."),
    "status": ("monitoring", "Show the state of every export. Read-only."),
    "runs": ("monitoring", "Show the newest runs of an export. Read-only."),
    "forecast": ("monitoring", "Show when exports run in the coming days. Read-only."),
    "verify": ("verify", "Prove that the files arrived. Read-only."),
    "nightly": ("nightly", "Run renew, drift, verify and status for all environments."),
    "report": ("report", "Show all exports on one HTML page. Read-only."),
    "snapshot": ("snapshot", "Save what a plan reads from the sandbox to a file."),
    "import": ("import_", "Write YAML for flows that were made elsewhere."),
    "diff-environments": ("environments", "Compare what two environments declare. Reads no network."),
    "datasets": ("datasets_doctor", "List the datasets that can be exported. Read-only."),
    "doctor": ("datasets_doctor", "Check credentials, permissions and config. Read-only."),
    "probe": ("probe", "Ask the service open questions, in your own sandbox."),
    "backup status": ("backup", "Show what each backup covers and what breaks it. Read-only."),
    "backup check": ("backup", "Compare backups with what the YAML expects. Read-only."),
    "backup drill": ("backup", "Restore backups chosen at random, and delete the result."),
    "backup manifest": ("backup", "Write the exact list of the files of a backup."),
    "restore check": ("restore", "Restore a backup for a test, and count the rows. Read-only."),
    "restore sql": ("restore", "Print SQL that reads a backup as one table. Read-only."),
    "restore write": ("restore", "Restore a backup as Parquet files in a new folder."),
    "fleet plan": ("fleet", "Show what apply would change in every sandbox. Read-only."),
    "fleet drift": ("fleet", "Show what was changed by hand in every sandbox. Read-only."),
    "fleet renew": ("fleet", "Move the rolling ends that are due in every sandbox."),
    "fleet verify": ("fleet", "Prove that the files of every sandbox arrived. Read-only."),
    "fleet status": ("fleet", "Show the state of the exports of every sandbox. Read-only."),
    "fleet matrix": ("fleet", "Print the matrix with which CI runners share the work."),
    "fleet merge": ("fleet", "Make one report of the JSON reports of all shards."),
    "publish comment": ("publish", "Create the comment of a pull request, or replace its text."),
    "publish issue": ("publish", "Open one issue, replace its text, or close it."),
    "emulator serve": ("emulator.commands", "Serve the emulator over HTTP on this machine."),
    "emulator seed": ("emulator.data", "Add sandboxes and datasets to the emulator."),
    "emulator ingest": ("emulator.data", "Add rows to a dataset of the emulator."),
    "emulator reset": ("emulator.commands", "Empty the emulator and seed it from the config again."),
    "emulator requests": ("emulator.commands", "List the requests that the emulator received."),
    "emulator clock get": ("emulator.commands", "Show the emulator's time."),
    "emulator clock set": ("emulator.commands", "Set the emulator's clock to a moment."),
    "emulator clock advance": ("emulator.commands", "Move the emulator's clock forward."),
    "emulator faults list": ("emulator.commands", "List the faults that were added, used ones included."),
    "emulator faults add": ("emulator.commands", "Add a fault to the nth request that matches."),
    "emulator faults clear": ("emulator.commands", "Remove all faults."),
    "emulator switches show": ("emulator.commands", "Show every switch, its value and its possible values."),
    "emulator switches set": ("emulator.commands", "Set switches of the emulator."),
    "emulator credentials list": (
        "emulator.credentials",
        "List the credentials and their permissions, without secrets.",
    ),
    "emulator credentials add": ("emulator.credentials", "Add a credential with permissions of its own."),
    "emulator credentials remove": ("emulator.credentials", "Remove a credential. Its tokens become invalid."),
    "emulator ui enable": ("emulator.ui", "Enable a flow."),
    "emulator ui disable": ("emulator.ui", "Disable a flow."),
    "emulator ui end": ("emulator.ui", "Move the end of a flow."),
    "emulator ui start": ("emulator.ui", "Move the start of a flow."),
    "emulator ui state": ("emulator.ui", "Let the service show another state of a flow."),
    "emulator ui path": ("emulator.ui", "Change the path that a flow writes to."),
    "emulator ui datasets": ("emulator.ui", "Change the datasets of a flow."),
    "emulator ui rename": ("emulator.ui", "Rename a flow."),
    "emulator ui describe": ("emulator.ui", "Replace the description of a flow."),
    "emulator ui delete": ("emulator.ui", "Delete a flow. Its connections stay."),
    "emulator storage show": ("emulator.storage", "Show where the files of each destination type go."),
    "emulator storage set": ("emulator.storage", "Write the files of a destination type to real storage."),
    "emulator storage local": ("emulator.storage", "Write the files of a destination type to a local folder."),
}

GROUPS: Mapping[str, str] = {  # path -> its help; the first line is its one-line help
    "": (
        "Manage Adobe Experience Platform dataset exports as code.\n\n"
        "Declare exports in YAML, plan, apply, and see what was changed by hand.\n\n"
        "Start with: exportctl init, then exportctl plan. Every command has --help."
    ),
    "backup": "Prove that all runs together are a backup. Read-only.",
    "restore": "Restore backups as tables. Never writes to a storage.",
    "fleet": "Run one command over many sandboxes.\n\nEach command reads every environment of every project below a "
    "folder or in a\nfleet file, under one rate budget for each organization, and writes one report.",
    "publish": "Keep one comment or one issue of a host up to date.",
    "emulator": "Run and control the emulator. Nothing reaches Adobe.",
    "emulator clock": "Show or move the emulator's clock.\n\nWhen it moves, exports that are due run.",
    "emulator faults": "Make requests to the emulator fail on purpose.",
    "emulator switches": (
        "Show or set the switches of the emulator.\n\n"
        "Each switch is an open question: Adobe's documents do not say how the service behaves."
    ),
    "emulator credentials": (
        "Show or change the credentials of the emulator.\n\n"
        "Each has permissions and sandboxes of its own. Commands with `url: embedded` always use emulator-client; "
        "clients of a served emulator use any of them."
    ),
    "emulator ui": "Edit a flow by hand, as a person in the AEP UI does.",
    "emulator storage": (
        "Show or set where the emulator writes files.\n\n"
        "It writes to a local folder or to real storage. Hosts other than this machine need --allow-real-storage."
    ),
}

GROUPS_WITH_OPTIONS: Mapping[str, str] = {  # path -> module of the function that runs without a command
    "emulator clock": "emulator.commands",
    "emulator storage": "emulator.storage",
}


def child_paths(path: str) -> tuple[str, ...]:
    """Return the paths of what stands directly below a group; the path of the whole is empty."""
    depth = len(path.split()) + 1
    below = (" ".join(name.split()[:depth]) for name in COMMANDS if not path or name.startswith(f"{path} "))
    return tuple(dict.fromkeys(below))


def one_line_help(path: str) -> str:
    """Return the one-line help of a command or a group."""
    return COMMANDS[path][1] if path in COMMANDS else GROUPS[path].partition("\n")[0]
