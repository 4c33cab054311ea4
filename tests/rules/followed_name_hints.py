"""How each printed hint of the rules about names is followed: removed, accepted, adopted, renamed, unused, settings."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.rules.safety_check_texts import BY_NAME
from tests.rules.followed_hints import FIRST_ID, UNTIL, Hint, orders

OTHER_ID = "11111111-2222-4333-8444-666666666666"
TWO = "exports: {orders: {renamed_from: copy}, copy: {renamed_from: orders, subpath: copy}}"
SPLIT = "exports: {orders: {datasets: [Orders, Returns], split_by: dataset, renamed_from: {orders: orders/orders}}}"
REMOVED = "removed: [{export: orders, do: delete, reason: moved}]"


def accepted(address: str, field: str) -> str:
    return f"accept: [{{address: {address}, field: {field}, {UNTIL}"


def rule(name: str, level: str, instead_of: str) -> str:
    return f"rules: {{{instead_of}: null, {name}: {{level: {level}, reason: agreed}}}}"


SAFETY = BY_NAME["deletion"]
CHECK = "rules: {deletion: {level: off, reason: agreed}}"
NAME_HINTS: Mapping[str, tuple[Hint, ...]] = {
    "removed-still-declared": (
        Hint(
            {"Remove the declaration": "exports: {orders: null, copy: {}}", "or the entry": "removed: []"},
            bad="exports: {orders: {}, copy: {subpath: copy}}\n" + REMOVED,
        ),
    ),
    "removed-protected": (
        Hint(
            {
                "First apply protect: false": "exports: {orders: {protect: false}}\nremoved: []",
                "Then remove the export and name it under `removed`": "exports: {orders: null}\n" + REMOVED,
            },
            bad="exports: {orders: {protect: true}, copy: {subpath: copy}}\n" + REMOVED,
        ),
    ),
    "former-location-order": (
        Hint(
            {
                "Write the oldest entry first": orders(
                    "former_locations: [{until: 2022-03-01, path: a}, {until: 2022-05-01, path: b}]"
                ),
                "and give each a later `until` than the one before it": orders(
                    "former_locations: [{until: 2022-05-01, path: b}, {until: 2022-06-01, path: a}]"
                ),
            }
        ),
    ),
    "former-schedule-order": (
        Hint(
            {
                "Write the oldest entry first": orders(
                    "former_schedules: [{until: 2022-03-01, every: 1 hour}, {until: 2022-05-01, every: 1 day}]"
                ),
                "and give each a later `until` than the one before it": orders(
                    "former_schedules: [{until: 2022-05-01, every: 1 day}, {until: 2022-06-01, every: 1 hour}]"
                ),
            }
        ),
    ),
    "former-schedule-future": (
        Hint({"Write the moment of the change": orders("former_schedules: [{until: 2022-03-01, every: 1 day}]")}),
    ),
    "former-location-future": (
        Hint({"Write the moment of the change": orders("former_locations: [{until: 2022-03-01, path: a}]")}),
    ),
    "former-location-field": (
        Hint(
            {"its fields are «bucket», path, folder": orders("former_locations: [{until: 2022-03-01, {0}: a}]")},
        ),
    ),
    "accept-expired": (
        Hint(
            {
                "Remove the entry": "accept: []",
                "or agree on a later date": accepted("exports.orders", "folder"),
                "or write `until: never`": accepted("exports.orders", "folder").replace("2099-01-01", "never"),
            }
        ),
    ),
    "accept-unknown-address": (
        Hint({"did you mean «exports.orders»?": accepted("{0}", "folder")}),
        Hint(
            {
                "Write the exports.KEY": accepted("exports.orders", "folder"),
                "exports.KEY/PART": "exports: {orders: {datasets: [Orders, Returns], split_by: dataset}}\n"
                + accepted("exports.orders/returns", "folder"),
                "or destinations.KEY of a declaration": accepted("destinations.lake", "auth"),
            },
            bad=accepted("exports.quite-another-name-than-those", "folder"),
        ),
    ),
    "accept-unknown-field": (
        Hint({"did you mean «folder»?": accepted("exports.orders", "{0}")}),
        Hint(
            {"did you mean «schedule.every»?": accepted("exports.orders", "{0}")},
            bad=accepted("exports.orders", "every"),
        ),
        Hint(
            {"did you mean «location»?": accepted("exports.orders", "{0}")}, bad=accepted("exports.orders", "subpath")
        ),
    ),
    "flow-id-form": (
        Hint(
            {
                "Copy the id from `plan`": orders(f"adopt: {FIRST_ID}"),
                "`import`": orders(f"adopt: {FIRST_ID}"),
                "or the URL of the flow's page in the AEP UI": orders(f"adopt: {FIRST_ID}"),
            }
        ),
    ),
    "adopt-twice": (Hint({"Keep `adopt` on one of them": orders("adopt: null")}),),
    "title-twice": (Hint({"Change one of the titles": orders("title: All orders")}),),
    "renamed-from-declared": (
        Hint(
            {
                "Remove `renamed_from`": "exports: {copy: {renamed_from: null}}",
                "or the earlier declaration": "exports: {orders: null}",
            },
            ("rename one after the other",),
        ),
        Hint(
            {
                "rename in two steps: first apply a config that does not declare orders": "exports: {orders: null}",
                "then rename to it": "exports: {orders: null}",
            },
            bad=TWO,
        ),
        Hint(
            {"to let one part continue the whole, write «`renamed_from: {orders: orders}`»": orders("{0}")},
            bad=SPLIT,
        ),
    ),
    "renamed-from-twice": (
        Hint(
            {"Keep `renamed_from` on the one that continues": "exports: {copy: {renamed_from: null}}"},
            ("the other one is new",),
        ),
    ),
    "unused-destination": (
        Hint(
            {
                "Use it": "exports: {orders: {destination: spare}, copy: {datasets: [Returns]}}",
                "or remove it": "destinations: {spare: null}",
            }
        ),
    ),
    "unused-schedule": (Hint({"Use it": orders("schedule: frequent"), "or remove it": "schedules: {frequent: null}"}),),
    "unused-format": (
        Hint({"Use it": orders("format: with-manifest"), "or remove it": "formats: {with-manifest: null}"}),
    ),
    "unused-dataset": (Hint({"Use it": orders("datasets: [web]"), "or remove it": "datasets: {web: null}"}),),
    "unknown-rule": (
        Hint({"did you mean «folder-without-time»?": rule("{0}", "error", "folder-without-tim")}),
        Hint(
            {
                "Use the id in [brackets] at the end of a finding": rule("missing-end", "error", "zzz"),
                "or one from docs/rules.md": rule("missing-end", "error", "zzz"),
            },
            bad="rules: {zzz: {level: off, reason: agreed}}",
        ),
    ),
    "fixed-rule": (
        Hint({"Remove the entry": "rules: {project-twice: null}"}, ("and fix what the rule found",)),
        Hint({"to allow the change: " + " ".join(SAFETY.allow.split()): "rules: {deletion: null}"}, bad=CHECK),
    ),
    "unused-allow": (Hint({"Remove the entry": orders("allow: []")}),),
}
