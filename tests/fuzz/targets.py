"""
What is fuzzed: each target takes random inputs of one kind and must answer with a value or with an Error for people.

    target      input                                              of a thousand
    marker      the description of an object                       400
    manifest    a manifest file                                    175
    listing     the path of a file in storage                      175
    file-list   a list of files, also one with new hashes           50
    answer      the body of an answer of the service               100
    plan-file   a saved plan, also one whose digest was made anew   50
    config      YAML of the examples: checked, planned and shown    40
    snapshot    a snapshot: read, planned and shown                  5
    live        the objects of a sandbox, planned and shown          5
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from exportctl.client import inventory as client_inventory
from exportctl.config import load
from exportctl.errors import Error, Level
from exportctl.model.json_form import SealedContent, SealedFile
from exportctl.model.plan import MARKER_VERSION, Inventory, Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor.backup import file_list_json
from exportctl.monitor.backup.compare_list import ListSubject, compare_chain
from exportctl.monitor.backup.file_list import run_hash
from exportctl.monitor.backup.list_report import StoredNow
from exportctl.monitor.delivery.folder_layout import folder_layout
from exportctl.monitor.delivery.stored_files import parse_manifest
from exportctl.output import github_actions
from exportctl.output.color import paint
from exportctl.output.json import documents
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.text import file_lists as text_file_lists
from exportctl.output.text import plan as text_plan
from exportctl.output.text.findings import render_validation
from exportctl.plan import planner
from exportctl.plan.desired import build_desired_state
from exportctl.planfile import file as planfile
from exportctl.resources import marker
from exportctl.resources.kinds import FLOW, KINDS
from exportctl.rules import engine
from exportctl.snapshot import file as snapshots
from exportctl.storage.reader import StoredFile
from exportctl.workflows import file_lists
from exportctl.workflows.plan import PlanResult
from tests.client.scripted import Reply, Script, client_of
from tests.fuzz.mutate import mutate_bytes, mutate_json, mutate_text
from tests.monitor.backup.sample_file_lists import LAKE, ORDERS, list_of_days
from tests.monitor.delivery.delivery_states import DAILY, export_time, part_name, run_id, timestamp
from tests.monitor.delivery.delivery_states import FLOW as DELIVERED
from tests.workflows.world import DATASETS, DESTINATIONS, config, world

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Sandbox:
    """A planned and applied sandbox with every destination type, to take valid inputs from."""

    result: PlanResult
    config: bytes

    @property
    def descriptions(self) -> list[str]:
        objects = (o for kind in KINDS for o in self.result.live.objects_of_kind(kind))
        return [str(o.raw["description"]) for o in objects if o.raw.get("description")]


Target = Callable[[Random], None]


def build_sandbox(folder: Path) -> Sandbox:
    """Apply one export to each destination, and plan once more with a few differences."""
    made = world(folder, page_size=100)
    exports = {
        f"to-{name}": {"datasets": [DATASETS[number % len(DATASETS)]], "destination": name, "subpath": name}
        for number, name in enumerate(DESTINATIONS)
    }
    made.write(config(exports=exports))
    made.apply()
    made.emulator.advance(86400)
    exports["to-landing"]["schedule"] = {"every": "3 hours"}  # type: ignore[assignment]
    exports["to-blob"]["title"] = "another title"
    del exports["to-gcs"]
    made.write(config(exports=exports))
    with made.open_plan() as planned:
        return Sandbox(
            PlanResult(
                planned.plan,
                planned.live,
                planned.desired,
                planned.project,
                planned.findings,
                planned.uses_placeholders,
                planned.exact_plan,
            ),
            (folder / "exports.yaml").read_bytes(),
        )


def build_targets(sandbox: Sandbox) -> Mapping[str, tuple[int, Target]]:
    """Return name -> how many of a thousand inputs it gets, and the function that draws and tries one."""
    return {
        "marker": (400, _marker_target(sandbox)),
        "manifest": (175, _try_manifest),
        "listing": (175, _try_path),
        "file-list": (50, _file_list_target()),
        "answer": (100, _answer_target(sandbox)),
        "plan-file": (50, _plan_file_target(sandbox)),
        "config": (40, _config_target(sandbox)),
        "snapshot": (5, _snapshot_target(sandbox)),
        "live": (5, _live_target(sandbox)),
    }


def _marker_target(sandbox: Sandbox) -> Target:
    descriptions = sandbox.descriptions

    def try_one(random: Random) -> None:
        kind = random.choice([*KINDS.values()])
        text, found = marker.parse_marker(mutate_text(random, random.choice(descriptions)), kind)
        if found is not None and not found.damaged and found.version <= MARKER_VERSION:
            written = marker.format_description(text, None, found, kind)
            _, again = marker.parse_marker(written, kind)
            assert again is not None and (again.project, again.address) == (found.project, found.address), written

    return try_one


def _try_path(random: Random) -> None:
    folder = mutate_text(random, DAILY.folder) if random.random() < 0.3 else DAILY.folder
    layout = folder_layout(replace(DAILY, folder=folder), next(iter(DAILY.datasets)))
    path = f"aep/{next(iter(DAILY.datasets))}/{export_time(timestamp(5, 2))}/{part_name(3)}"
    text = mutate_text(random, path)
    hit = layout.match_path(text)
    assert hit is None or text.endswith(hit.name)
    layout.find_moments(text)


def _try_manifest(random: Random) -> None:
    content = {
        "flowRunId": run_id(1),
        "scheduledTime": "2026-03-05T02:00:00Z",
        "exportResults": [{"sinkPath": "aep/x", "name": part_name(n), "size": 100 + n} for n in range(3)],
    }
    path = f"aep/manifest-{DELIVERED}-{run_id(1)}.json"
    if random.random() < 0.5:
        body = mutate_bytes(random, json.dumps(content).encode())
    else:
        body = json.dumps(mutate_json(random, content)).encode("utf-8", "surrogatepass")
    parse_manifest(mutate_text(random, path) if random.random() < 0.2 else path, body)


def _file_list_target() -> Target:
    listed = list_of_days(2)
    text, table = file_list_json.dump_file_list(listed), file_lists.dump_parquet(listed)
    now = StoredNow(LAKE, {one.path: StoredFile(one.path, one.size, etag=one.etag) for one in listed.chains[0].files})

    def try_one(random: Random) -> None:
        if random.random() < 0.1:
            file_lists.load_list(mutate_bytes(random, table), "it")
            return
        edited = mutate_text(random, text) if random.random() < 0.4 else _forge_file_list(random, text)
        found = file_lists.load_list(edited.encode("utf-8", "surrogatepass"), "it")
        for chain in found.chains:
            made = compare_chain(chain, ListSubject("it", ORDERS, None, None, now))
            list(text_file_lists.comparison_lines(made, paint(False), 100))
        assert file_lists.load_list(file_lists.dump_json(found), "it") == found

    return try_one


def _forge_file_list(random: Random, text: str) -> str:
    """Mutate a list and compute all its hashes again, if it still has the form of a list."""
    document = mutate_json(random, json.loads(text))
    try:
        listed = file_list_json._file_list(document)
        chains = []
        for chain in listed.chains:
            runs, previous = [], listed.seed(chain)
            for run in chain.runs:
                runs.append(replace(run, previous=previous, hash=run_hash(replace(run, previous=previous))))
                previous = runs[-1].hash
            chains.append(replace(chain, runs=tuple(runs)))
        return file_list_json.dump_file_list(replace(listed, chains=tuple(chains)))
    except (Error, ValueError, TypeError, KeyError, AttributeError):  # no list has such a form
        return json.dumps(document, sort_keys=True)


def _answer_target(sandbox: Sandbox) -> Target:
    flows = [dict(o.raw) for o in sandbox.result.live.objects_of_kind(FLOW.name)][:2]
    page = {"items": flows, "_links": {"next": {"href": "/flows?continuationToken=abc"}}, "_page": {"count": 2}}
    error = {"type": "https://ns.adobe.com/aep/errors/FLOW-1422-400", "title": "x", "report": {"detailed-message": "y"}}

    def try_one(random: Random) -> None:
        status = random.choice((200, 200, 201, 204, 301, 400, 401, 404, 409, 412, 429, 500, 503))
        whole = page if status < 300 else error
        is_text = random.random() < 0.5
        body = mutate_bytes(random, json.dumps(whole).encode()) if is_text else _json_bytes(mutate_json(random, whole))
        headers = (("Retry-After", mutate_text(random, "7").encode("ascii", "ignore").decode().strip(CONTROLS)),)
        replies = [Reply(status, body, headers if status in (429, 503) else ()), Reply(200, {"items": []})]
        with client_of(Script(replies)) as client:
            random.choice(
                (
                    lambda: client_inventory.list_objects(client, FLOW),
                    lambda: client.get("/flows/f1"),
                    lambda: client.create("/flows", {"name": "n"}),
                    lambda: client.patch("/flows/f1", [], '"e"'),
                    lambda: client.act("/flows/f1", "enable"),
                    lambda: client_inventory.list_datasets(client),
                )
            )()

    return try_one


CONTROLS = "".join(chr(n) for n in (*range(0x20), 0x7F))


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _forge(random: Random, file: SealedFile, text: str) -> str:
    """Mutate the text of a sealed file; half of the time inside its content, with a digest that is right again."""
    if random.random() < 0.5:
        return mutate_text(random, text)
    document = json.loads(text)
    content = mutate_json(random, document[file.name])
    try:
        return file.dump(SealedContent(content, document["exportctl"]))
    except (Error, ValueError, TypeError, KeyError, AttributeError):  # the writer of files never meets such a content
        return json.dumps({**document, file.name: content}, sort_keys=True, indent=file.indent) + "\n"


def _plan_file_target(sandbox: Sandbox) -> Target:
    text = planfile.dump_plan(sandbox.result.plan)

    def try_one(random: Random) -> None:
        saved = planfile.load_plan(_forge(random, planfile.FILE, text))
        planfile.stale_values(saved, sandbox.result.plan)
        planfile.reduce_to_approval(saved, sandbox.result.plan)
        planfile.saved_renewals(saved)
        planfile.age_seconds(saved, 0)

    return try_one


def _snapshot_target(sandbox: Sandbox) -> Target:
    result = sandbox.result
    whole = snapshots.build_snapshot(result.plan.header, result.live, result.plan.as_of)
    text = snapshots.dump_snapshot(replace(whole, objects={k: v[:1] for k, v in whole.objects.items()}))

    def try_one(random: Random) -> None:
        found = snapshots.load_snapshot(_forge(random, snapshots.FILE, text))
        objects = {
            name: tuple(client_inventory.live_object(kind, raw) for raw in found.objects[name])
            for name, kind in KINDS.items()
        }
        _plan_and_show(sandbox, Inventory(objects, found.datasets, found.specs))

    return try_one


def _live_target(sandbox: Sandbox) -> Target:
    live = sandbox.result.live

    def try_one(random: Random) -> None:
        name = random.choice([*KINDS])
        changed = [mutate_json(random, dict(o.raw)) for o in live.objects_of_kind(name)]
        raws = [raw for raw in changed if isinstance(raw, dict)]
        objects = {**live.objects, name: tuple(client_inventory.live_object(KINDS[name], raw) for raw in raws)}
        specs = live.specs
        if random.random() < 0.2:
            specs = {key: raw for key, raw in mutate_json(random, dict(specs)).items() if isinstance(raw, dict)}
        _plan_and_show(sandbox, Inventory(objects, live.datasets, specs))

    return try_one


def _plan_and_show(sandbox: Sandbox, live: Inventory) -> None:
    plan = sandbox.result.plan
    made = planner.build_plan(sandbox.result.desired, live, plan.header, PlanOptions(), plan.as_of, plan.unset)
    _show(made)
    planfile.load_plan(planfile.dump_plan(made))


def _show(made: Plan) -> None:
    text_plan.render_plan(made, color=False, width=100)
    markdown_plan.render_plan(made)
    json.loads(documents.render_plan(made))


def _config_target(sandbox: Sandbox) -> Target:
    declared = sandbox.config, *(path.read_bytes() for path in sorted(EXAMPLES.rglob("*.yaml")))
    live, plan = sandbox.result.live, sandbox.result.plan

    def try_one(random: Random) -> None:
        if random.random() < 0.8:
            content = mutate_bytes(random, random.choice(declared))
        else:
            content = _json_bytes(mutate_json(random, json.loads(sandbox.config)))
        parsed = load.parse_config({"exports.yaml": content})
        projects, findings = load.load_projects(parsed, {})
        found = (*findings, *engine.run_rules(tuple(projects.values()), as_of=plan.as_of, tree=parsed.tree))
        render_validation(found, exports=1, destinations=1, environments=0)
        json.loads(documents.render_validation(found, exports=1, destinations=1, environments=0))
        github_actions.render_annotations(found)
        if not any(f.level is Level.ERROR for f in found):
            for project in projects.values():
                desired = build_desired_state(project, {}, live.specs)
                _show(planner.build_plan(desired, live, plan.header, PlanOptions(), plan.as_of, ()))

    return try_one
