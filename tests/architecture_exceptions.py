"""
What the real tree may do against a rule of the architecture, each with its reason. An entry that nothing needs fails.
"""

from __future__ import annotations

from collections.abc import Mapping

# rule -> (pattern over modules, subject of the finding) -> reason
EXCEPTIONS: Mapping[str, Mapping[tuple[str, str], str]] = {
    "pure code imports what is on the list": {
        ("output.*", "workflows.rehearse"): "the value that a rehearsal returns, imported for its type only",
    },
    "pure code reads no file and no clock": {
        ("frozen", "exec"): "compiles methods from the names of fields, as the dataclasses of the standard library do",
    },
    # Words that equal a name of a resource and name something else.
    "kinds and types are named in resources": {
        ("cli.emulator.commands", "path"): "the path of a logged request",
        ("cli.emulator.commands", "port"): "the id of an error: the port of the emulator is in use",
        ("cli.emulator.credentials", "client_id"): "a credential of the emulator, in its own requests and answers",
        ("cli.emulator.credentials", "client_secret"): "a credential of the emulator, in its own requests and answers",
        ("cli.emulator.ui", "path"): "a command of the emulator, and the hand edit that it sends",
        ("client.auth", "client_id"): "a credential of the platform",
        ("client.auth", "client_secret"): "a credential of the platform",
        ("client.trace", "path"): "a member of a JSON Patch operation",
        ("code_hosts.azure_devops", "path"): "a member of a JSON Patch operation",
        ("code_hosts.gitlab", "username"): "a member of a JSON document of GitLab",
        ("config.environment_diff", "key"): "a member of a dataclass of ours",
        ("config.environment_diff", "url"): "a setting of the platform",
        ("config.resolve.exports", "key"): "the key of an export, named in messages",
        ("config.resolve.project", "client_id"): "a credential of the platform",
        ("config.resolve.project", "client_secret"): "a credential of the platform",
        ("config.resolve.project", "url"): "a setting of the platform",
        ("config.resolve.row_facts", "key"): "the column that identifies a row of a dataset",
        ("config.yaml_nodes", "flow"): "a style of YAML",
        ("model.secret", "path"): "a member of a JSON Patch operation",
        ("model.urls", "host"): "a part of a URL",
        ("model.urls", "path"): "a part of a URL",
        ("model.urls", "port"): "a part of a URL",
        ("monitor.backup.file_list_table", "flow"): "a column of a list of files",
        ("monitor.backup.file_list_table", "path"): "a column of a list of files",
        ("monitor.delivery.expectation", "path"): "a member of a JSON Patch operation",
        ("output.html.element", "role"): "an attribute of HTML",
        ("output.junit", "flow"): "a property of a test case in a JUnit report",
        ("output.text.*", "flow"): "the noun, in a sentence for people",
        ("plan.last_editor", "path"): "a member of a JSON Patch operation",
        ("planfile.serialize", "path"): "a key of a JSON document",
        ("planfile.staleness", "key"): "a key of a JSON document",
        ("planfile.staleness", "path"): "a key of a JSON document",
        ("probe.exports", "flow"): "a setting of a switch: one run of the flow, or one for each dataset",
        ("probe.files", "path"): "a setting of a switch: the manifest is in the path of the target",
        ("probe.formats", "flow"): "a setting of a switch: a wrong format is refused when a flow is created",
        ("probe.recording", "path"): "a member of a JSON Patch operation, and of a target that the probe made",
        ("restore.reading.bigquery", "key"): "a member of each pair of a map, as Parquet has it",
        ("restore.reading.spark", "path"): "an option of Spark",
        ("restore.uris", "container"): "a group of a regular expression over an address of Azure",
        ("restore.uris", "domain"): "a group of a regular expression over an address of Azure",
        ("restore.uris", "path"): "a group of a regular expression over an address of a bucket",
        ("snapshot.redact", "path"): "a member of a JSON Patch operation",
        ("workflows.pipelines", "url"): "a member of the JSON document in which pip notes where a package is from",
        ("storage.access_azure", "container"): "a group of a regular expression over an abfss URL",
        ("storage.access", "bucketName"): "a key of a JSON document of Adobe's, on the landing zone",
        ("storage.object_store", "access_key_id"): "an option of obstore, for the protocol S3",
        ("storage.object_store", "client_id"): "an option of obstore, for the protocol of Azure",
        ("storage.object_store", "client_secret"): "an option of obstore, for the protocol of Azure",
        ("storage.object_store", "endpoint"): "an option of obstore",
        ("storage.object_store", "path"): "a key of what obstore lists",
        ("storage.object_store", "secret_access_key"): "an option of obstore, for the protocol S3",
        ("storage.object_store", "tenant_id"): "an option of obstore, for the protocol of Azure",
        ("storage.sftp", "host"): "an option of asyncssh",
        ("storage.sftp", "password"): "an option of asyncssh",
        ("storage.sftp", "port"): "an option of asyncssh",
        ("storage.sftp", "username"): "an option of asyncssh",
        ("workflows.connect", "client_id"): "a credential of the platform",
        ("workflows.connect", "client_secret"): "a credential of the platform",
        ("workflows.emulator", "flow"): "a member of a request to the emulator's own endpoints",
        ("workflows.rehearse", "path"): "the path of a logged request",
    },
    "functions take few parameters": {
        ("client.client", "__init__"): "keywords with defaults: each is one setting of the connection",
        ("emulator.ui_edits", "create_flow"): "keywords with defaults: each is one field of the form in the UI",
    },
}
