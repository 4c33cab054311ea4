"""
What the real tree may do against a rule of the architecture, each with its reason. An entry that nothing needs fails.
"""

from __future__ import annotations

from collections.abc import Mapping

# rule -> (pattern over modules, subject of the finding) -> reason
EXCEPTIONS: Mapping[str, Mapping[tuple[str, str], str]] = {}

# The same for what is being repaired: an entry goes with its fault.
UNFINISHED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "apply makes no plan, and the emulator stands apart": (
        ("apply.final_check", "plan.create"),
        ("apply.final_check", "plan.ownership"),
        ("apply.writer", "plan.ownership"),
    ),
    "pure code imports what is on the list": (("output.rehearsal", "workflows.rehearse"),),
    "pure code reads no file and no clock": (
        ("config.schema.editor_file", "write_text"),
        ("output.json.schemas", "write_text"),
    ),
    "kinds and types are named in resources": (
        ("cli.emulator.commands", "path"),
        ("cli.emulator.commands", "port"),
        ("cli.emulator.ui", "path"),
        ("client.auth", "client_id"),
        ("client.auth", "client_secret"),
        ("config.environment_diff", "key"),
        ("config.environment_diff", "url"),
        ("config.resolve.exports", "key"),
        ("config.resolve.project", "client_id"),
        ("config.resolve.project", "client_secret"),
        ("config.resolve.project", "url"),
        ("config.yaml_errors", "flow"),
        ("model.secret", "path"),
        ("model.urls", "host"),
        ("model.urls", "path"),
        ("model.urls", "port"),
        ("monitor.delivery.expectation", "path"),
        ("output.junit", "flow"),
        ("output.text.forecast", "flow"),
        ("output.text.import_result", "flow"),
        ("output.text.status", "flow"),
        ("plan.last_editor", "path"),
        ("planfile.serialize", "path"),
        ("planfile.staleness", "key"),
        ("planfile.staleness", "path"),
        ("snapshot.redact", "path"),
        ("storage.access_azure", "container"),
        ("storage.access_landing_zone", "bucketName"),
        ("storage.object_store", "access_key_id"),
        ("storage.object_store", "client_id"),
        ("storage.object_store", "client_secret"),
        ("storage.object_store", "endpoint"),
        ("storage.object_store", "path"),
        ("storage.object_store", "secret_access_key"),
        ("storage.object_store", "tenant_id"),
        ("storage.sftp", "host"),
        ("storage.sftp", "password"),
        ("storage.sftp", "port"),
        ("storage.sftp", "username"),
        ("workflows.connect", "client_id"),
        ("workflows.connect", "client_secret"),
        ("workflows.emulator", "flow"),
        ("workflows.rehearse", "path"),
    ),
    "modules are short": (
        ("emulator.app", "module"),
        ("model.plan", "module"),
    ),
    "functions are short": (("plan.replace", "plan_replacement"),),
    "functions take few parameters": (
        ("client.client", "__init__"),
        ("emulator.ui_edits", "create_flow"),
        ("plan.steps", "update_step"),
    ),
}
