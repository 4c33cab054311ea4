"""
The findings about accounts and their credentials, as rows of the one table of rule ids (external_findings.py).

The reader of the YAML makes them, and for files that Git tracks the workflow that loads a config.
"""

from __future__ import annotations

from exportctl.rules.drift_findings import Row

ACCOUNT_FINDINGS: tuple[Row, ...] = (
    ("mixed-auth", "Two ways to authenticate in one `auth`", "Only one can be sent.", "Keep the fields of one."),
    ("account-and-auth", "`auth` and `account` at once", "`auth` makes one, `account` names one.", "Keep one."),
    (
        "account-keys",
        "host, port, endpoint … beside `account`",
        "They are parameters of the base connection [XD-new], which exportctl does not change.",
        "Remove them, or write `auth`.",
    ),
    ("account-chain", "account.of a destination without account", "It owns none.", "Name the destination with `auth`."),
    (
        "account-type",
        "account.of of another type",
        "A base connection belongs to one connection spec [XD-new].",
        "Name one of the same type.",
    ),
    (
        "secret-file-tracked",
        "A secret in a file that Git tracks",
        "Everyone who can read the repository has the secret, and a pull request can choose what it is. exportctl asks"
        " `git ls-files`; without Git and outside a repository it says nothing (ours).",
        "Make a new secret, because the old one is in the history. Then `git rm --cached FILE`, or use ${env:NAME}.",
    ),
)
