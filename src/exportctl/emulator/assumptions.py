"""
What the emulator holds to be true of the service: one row per behaviour, with how sure we are and from where.

The code names the row beside the place that enforces it, in a comment `rule: <id>`. Nothing imports this table but
`docs.py` and the tests, which compare it with the code.

`verified`: a person has seen the live service do it. `spec`: a public document says so. `assumed`: no source says so.
Sources are the tags and sections of flow-service.md.
"""

from __future__ import annotations

from typing import Literal

from exportctl.frozen import dataclass

RuleStatus = Literal["verified", "spec", "assumed"]


@dataclass(frozen=True)
class ServiceRule:
    """One behaviour of the service."""

    id: str
    text: str
    status: RuleStatus
    source: str


_ROWS: tuple[tuple[str, str, RuleStatus, str], ...] = (
    # The gateway, tokens, sandboxes, permissions
    ("token-endpoint", "IMS takes grant_type, client_id, client_secret and scope in a form or the query. It returns a "
     "bearer token with expires_in in seconds.", "spec", "[IMS] 1.1; error bodies assumed (U1)"),
    ("token-endpoint-v2", "IMS answers at /ims/token/v2 too.", "spec", "[PM] 1.1"),
    ("tokens-expire", "The gateway refuses an expired or unknown token with 401013.", "spec", "[TR] [D] 11.2"),
    ("gateway-headers", "A missing token is 403010, a bad token 401013, a missing key 403000, the key of another "
     "client 403003, a missing organization 400003. The emulator checks in this order.", "spec",
     "[TR] 11.2; the order is assumed"),
    ("gateway-errors", "Gateway errors have error_code and message; the status is its first three digits.",
     "spec", "[TR] 11.1, status [inf] 11.2"),
    ("wrong-organization", "An organization that the token has no access to is FLOW-2000-401.", "spec", "[FE] 11.3"),
    ("sandbox-headers", "x-sandbox-name is required (2105), must exist (2101), and x-sandbox-id is refused (2110).",
     "spec", "[FE] 1.3, C9"),
    ("sandboxes-isolate", "An object of another sandbox is not found.", "spec", "[D] 2"),
    ("sandbox-management", "Every credential may list the sandboxes that it may enter, at /sandbox-management/.",
     "spec", "[S] 1.3"),
    ("sandbox-admins", "The list of all sandboxes, one sandbox by name and the sandbox types need Manage Sandboxes, "
     "else 403.", "spec", "[S]; the body of the refusal and the name of the permission are assumed"),
    ("sandbox-permissions", "A credential with sandboxes of its own may enter no other one: FLOW-2120-403.", "assumed",
     "code [FE]; access control gives roles per sandbox"),
    ("permissions", "Reading needs View Destinations, a list of datasets View Datasets, a write of a base connection "
     "Manage Destinations, any other write Manage and Activate Dataset Destinations. Else FLOW-2118-403.",
     "spec", "[XD-new] [UI] [S3P] 1.4; which call needs which is assumed"),
    ("service-token-actor", "What a service token writes has its client id as createdBy and createdClient.",
     "spec", "[D] 2.1"),
    ("rate-limit", "The gateway takes any number of requests.", "assumed", "U16, switch rate_limit"),
    ("request-id", "Every answer carries x-request-id, and Flow Service errors repeat it in report.", "spec",
     "[LB] 11.1"),
    # Errors in general
    ("not-found", "An unknown, deleted or hidden id is FLOW-1439-404 with report.id and report.type.", "spec",
     "[LB] 11.1, C15, switch not_found_status"),
    ("invalid-body-shape", "A body refused for a reason without published code gets 400 with errorMessage and "
     "errorDetails only.", "assumed", "shape [D] 11.1 no. 3"),
    ("content-type", "The gateway refuses a body that is not application/json, with BadRequestError.",
     "spec", "[TR] 11.1 no. 5"),
    ("unknown-path", "An address outside the emulated endpoints is 404.", "assumed", "-"),
    ("wrong-method", "A method that an address does not know is 405.", "assumed", "-"),
    # Lists
    ("unknown-query-parameter", "A query parameter that the endpoint does not know is FLOW-1451-400.", "spec",
     "[FE] 3.2; documented as possible"),
    ("list-limit", "limit is 1 to 100, and 20 if left out. Anything else is FLOW-1454-400.", "assumed",
     "maximum [D] [F] 3.2; code U2; default U2, switch default_limit"),
    ("empty-list", "A list has items and _links, also where both are empty.", "assumed", "U24, switch empty_list"),
    ("limit-with-count", "limit together with count=true is FLOW-1401-400.", "spec", "[FE] 3.2"),
    ("default-order", "Without orderby, the most recently created or updated object comes first. So objects move "
     "between pages.", "spec", "[D] 3.2"),
    ("orderby", "orderby takes fields with an optional + or -, separated by commas; a bad prefix is 1432, a bad field "
     "1433; ties keep the order of creation.", "spec", "[SF] [D] [FE] 3.2; ties assumed"),
    ("page-size", "A page holds at most limit objects, and may hold fewer.", "assumed", "[D] 3.2"),
    ("next-link", "The next link is relative to the base path and contains only the continuation token. The caller "
     "repeats the other parameters. A token has only letters, digits, `-` and `_`; the fault "
     "reserved-token gives others.", "spec", "[F] [AE] 3.2; characters assumed, because [AE] cuts tokens at `=`"),
    ("token-belongs-to-list", "A continuation token of another list, sandbox or orderby is refused.", "assumed", "U2"),
    ("lists-lag", "Lists and filters may show creations and deletions later than reads by id.", "assumed",
     "U2 U22, switch list_lag"),
    ("reads-lag", "Requests by id know a created object at once.", "assumed", "U22, switch read_lag"),
    ("filter-syntax", "A filter is a field, an operator and values separated by commas.", "spec", "[SF] 3.3"),
    ("filter-operators", "== means any of the values; > < >= <= compare numbers; ~ is 1440, all else 1450.", "spec",
     "[SF] [FE] 3.3"),
    ("filter-fields", "A field that the collection does not have is FLOW-1449-400. Below a known field, any path is "
     "allowed.", "spec", "[SF] [FE] 3.3"),
    ("filter-array-segments", "Segments that are arrays need [], other segments refuse it.", "spec", "[SF] 3.3; "
     "refusal assumed"),
    ("filter-values", "Several values for a comparison are 1443, a comparison of text 1448, a value of the wrong type "
     "1452, an empty one 1453.", "spec", "[FE] 3.3"),
    # Creation and contents
    ("unknown-field", "The service refuses a field that the collection does not have.", "assumed", "U14"),
    ("name-required", "name must be text and not empty.", "spec", "[D] 2.1"),
    ("names-not-unique", "Names need not be unique.", "assumed", "U7, switch name_unique"),
    ("spec-version-required", "A connectionSpec without version is 422; the version is 1.0.", "spec", "[D] 2.2, C10"),
    ("bad-connection-spec", "An unknown connection spec is 400 with the bare message `Please provide a valid spec "
     "id`.", "spec", "[D] 11.1 no. 4"),
    ("specs-must-fit", "A target has the spec of its base connection, and a flow spec takes only its own source and "
     "target specs.", "assumed", "[D] 2.4 2.7"),
    ("auth-spec-name", "An auth spec name that the connection spec does not have is FLOW-1415-400.", "spec", "[FE]"),
    ("landing-zone-no-auth", "The landing zone takes no auth; null counts as none.", "spec", "[XD-new] [AE] 5.4"),
    ("sftp-port", "SFTP auth may hold a port, as text or number, although no spec lists it.", "assumed",
     "[AS] C8, switch sftp_port"),
    ("schema-violation", "Auth and target params must obey the types, enums, patterns and required members of their "
     "spec when written; the refusal does not repeat the value.", "assumed", "[XD-new] 5; when is U14"),
    ("source-datasets", "A data lake source has params.datasets of {dataSetId, name}, each dataset once; name may be "
     "left out. Whether the datasets exist is not checked.", "spec", "[D] [AE] 2.3; checks assumed"),
    ("target-needs-base", "A target connection names a base connection.", "spec", "[D] 2.4"),
    ("target-spec-quirk", "Target specs list fileType as required although it is conditional on audiences.", "spec",
     "[XD-new] 5.7"),
    ("file-type-not-demanded", "Dataset targets do not need fileType, audience targets do not need datasetFileType.",
     "spec", "[XD-new] 5.7, C20"),
    ("target-mode", "mode is Server-to-server, or FTP as a migrated SFTP target has it, although no spec lists mode.",
     "spec", "[XD-new] 5.7; FTP by Adobe's migration guide; that other types take it is assumed"),
    ("json-needs-compression", "The service accepts JSON with compression NONE, although it is documented as "
     "unsupported.", "assumed", "C3, switch json_uncompressed"),
    ("manifest-parameter", "includeFileManifest is accepted and listed in the target specs, or neither.", "assumed",
     "U18, switch manifest"),
    ("dangling-reference", "A body with the id of an object that does not exist is FLOW-1439-400.", "assumed", "code "
     "[FE] C15"),
    ("flow-ends", "A dataset flow has exactly one source and one target connection.", "assumed", "[D] 2"),
    ("dataset-source", "A flow exports datasets if its source is the data lake. A flow of S3, Blob or SFTP with the "
     "flow spec of datasets may read the profile store: then it is a migrated audience flow.", "spec",
     "Adobe's migration guide"),
    ("dataset-flow-no-transformations", "transformations of a dataset flow is empty.", "spec", "[D] [XD-new] 2.5"),
    ("create-without-state", "state in a create request is FLOW-1410-400. New flows are enabled.", "spec",
     "[FE] 2.5 [UD] 2.6"),
    ("flow-limit-not-enforced", "The emulator creates more than 100 flows per sandbox. The client must keep the "
     "documented guardrail.", "assumed", "[GR] 12"),
    ("draft-mode", "With mode=draft a create makes an object in state draft, which publish enables; publish of another "
     "flow is 1444, of another connection 1422.", "spec", "[DR] [FE] U21; shown for sources only, that a draft must be "
     "complete is assumed"),
    ("connection-data", "A new source or target connection needs no data.", "assumed", "C11, switch source_data and "
     "switch target_data"),
    ("schedule-combinations", "Once is DAILY_FULL_EXPORT, day, 0; incremental is FIRST_FULL_THEN_INCREMENTAL (or no "
     "mode) with day 1 or hour 3, 6, 12, and by switches 1, 8, 9 and other numbers.", "spec", "[D] [XD-new] 7.2, C1"),
    ("numbers-as-text", "interval, startTime and endTime are accepted as numbers and as text of digits.", "assumed",
     "[AE] C19; times: assumed"),
    ("lower-case-enums", "datasetFileType, compression, exportMode and timeUnit are accepted in any case, and stored "
     "as sent.", "assumed", "[AE] 5.7, switch lower_case_enums"),
    ("schedule-times", "startTime is required, both times are whole seconds, endTime is later than startTime.", "spec",
     "[D] [XD-new] 7.1; refusals U13"),
    ("longest-end", "Any endTime after startTime is accepted.", "assumed", "U13, switch longest_end"),
    ("patch-checks", "A patch is refused for what it changes, not for what it leaves as it was.", "assumed",
     "U14, switch patch_checks"),
    ("invalid-params", "Wrong params of a target connection are refused when it is written.", "assumed",
     "U14, switch invalid_params"),
    ("past-start", "A startTime in the past is accepted.", "assumed", "U13, switch past_start"),
    ("template-either-spelling", "The service accepts both spellings of the folder template, one at a time. A patch "
     "with the other spelling replaces the first.", "assumed", "C2"),
    ("default-end", "A flow without endTime ends six calendar months after its creation.", "spec", "[XD-new] 7.3"),
    ("filled-in", "The service adds who wrote and when, authorizedDate, inheritedAttributes, runs, and the "
     "baseConnectionId of sources.", "spec", "[D] 2"),
    ("child-descriptions", "Connections keep their description.", "assumed", "2.1, switch child_descriptions"),
    ("texts-kept", "Names and descriptions are kept as they are.", "assumed",
     "U7, switches description_length, description_text and names"),
    ("normalised-values", "Values are stored as sent.", "assumed", "switch normalise"),
    # Reading
    ("states", "A flow shows enabled or disabled, and delete-finalizing while it goes; source and target connections "
     "in transition show inProgress or updating.", "spec", "[D] [F] [FE] 2.6, switches transition_state, state_case"),
    ("encryption-specs", "encryptionSpecs of a new account is an object with name and params of an entry of the "
     "connection spec, or with the name of the sample.", "spec",
     "[AS] 5.8; switches landing_zone_encryption, blob_service_principal"),
    ("secrets-on-read", "GET masks auth params of format password.", "assumed", "[F] 2.2, U6, switch read_secrets"),
    ("last-operation", "lastOperation of a flow shows the last write, its ops and whether it is completed.", "spec",
     "[D] 2.5"),
    ("stale-reads", "Lists and GET show a PATCH and an action at once.", "assumed", "U2 U22, switch stale_reads"),
    ("late-effect", "A PATCH and an action have their effect when they are answered.", "assumed",
     "2.6, switch late_effect"),
    ("late-failure", "A PATCH that the service accepts does not fail later.", "assumed", "2.5, switch late_failure"),
    ("labelled-objects", "Objects with access labels are visible.", "assumed", "[LB], switch labelled"),
    # Patches and actions
    ("if-match-required", "PATCH without If-Match is FLOW-1403-400.", "spec", "[FE] 4"),
    ("if-match-current", "An If-Match that is not the current etag, quotes included, is FLOW-1404-412 with the "
     "documented text.", "spec", "[D] [ED] [TR] 4"),
    ("patch-body", "The body is an array of operations; an empty one is FLOW-1405-400.", "spec", "[D] [FE] 4"),
    ("patch-operations", "add, replace and remove in any case; others are FLOW-1434-400.", "spec", "[D] [F] [FE] 4"),
    ("patch-value-required", "Every operation carries a value, remove too.", "spec", "[D] [UD] 4"),
    ("patch-missing-field", "A path that leads nowhere is FLOW-1455-400.", "spec", "[FE] 4"),
    ("patch-objects", "A patch with an object merges: what it does not name stays.", "assumed", "U5 [ED] [AE], switch "
     "patch_objects"),
    ("auth-params-whole", "A patch replaces all of /auth/params, even with add.", "spec", "[D] [ED] 4.1"),
    ("immutable-fields", "connectionSpec (1414), params and base of sources, base of targets, flowSpec, targets and "
     "state (1456) of flows cannot be patched.", "spec", "[FE] [D] 4.2; targets, flowSpec and state assumed"),
    ("server-set-fields", "A client cannot patch what the service sets.", "assumed", "2.1"),
    ("source-patch", "A client can patch a source connection, except its datasets.", "assumed",
     "[F] 3.4, switch source_patch"),
    ("child-patch-answer", "PATCH answers id and etag.", "spec", "[D] [ED] 3.1, C5, switch child_patch_answer"),
    ("actions", "enable, disable and publish of flows, publish of connections, in any case; one that changes nothing "
     "is 1422, finalize 1402, an unknown one 1434.", "spec", "[F] [UD] [FE] 3.4, C16"),
    ("action-sub-op", "An action needs no subOp.", "assumed", "C16, switch action_sub_op; the refusal is 2119"),
    ("sub-operations", "subOp apply and rollback change nothing; progress is 1436, an unknown one 1435.", "spec",
     "[F] [FE] 11.3; that the two change nothing is assumed"),
    ("action-if-match-optional", "An action needs no If-Match, but one that is sent must be current.", "assumed",
     "[F] 3.4"),
    ("deleting", "An object that is being deleted shows delete-finalizing and refuses PATCH (1457), action (1421) and "
     "DELETE (1458) in the published words.", "spec", "[FE] 2.6; the code for an action is assumed"),
    ("transition", "An object in transition refuses PATCH (1420, 1416, 1457), action (1421) and DELETE (1458, 1416).",
     "spec", "[FE] 2.6, which code for which is partly assumed; switch transition"),
    # Deletion
    ("delete-status", "DELETE answers 202 without a body.", "spec", "[D] [DF], C4, switch delete_status"),
    ("delete-during-run", "A flow can be deleted during a run.", "assumed", "U23, switch delete_during_run"),
    ("flow-delete-is-asynchronous", "GET still returns a deleted flow for a short time, then 404. Its connections "
     "stay.", "spec", "[DF] 2.6, switch delete_lag"),
    ("base-in-use", "A base connection that a target connection or flow uses is FLOW-1418-400.", "spec",
     "[FE] [DA] 3.5; targets without flow assumed"),
    ("ends-in-use", "A source or target connection of a flow, a disabled one too, is FLOW-1447-400.", "assumed",
     "[inf] [FE] 3.5"),
    ("old-source-in-use", "A source connection can be deleted as soon as no flow uses it.", "assumed",
     "U9, switch old_source_in_use"),
    # What happens by itself
    ("ended-flows", "A flow past its end stays enabled, and so does a one-time flow after its run.", "assumed",
     "U11, switch ended_flows"),
    ("missed-runs", "A flow that is enabled again skips the runs that it missed.", "assumed",
     "U10, switch missed_runs"),
    ("background-after-write", "A background client finishes each API write, on the first request after `transition` "
     "seconds: the etag of the write's answer is then stale.", "spec", "[D] samples 2.6; timing assumed"),
    ("background-client", "It shows as acp_foundation_connectors in updatedBy and updatedClient of flows, and moves "
     "only the etag of connections.", "spec", "[D] samples 2.6; connections assumed"),
    ("runs-move-etags", "A run of a flow is an update by the background client.", "assumed",
     "2.6, switch runs_move_etags"),
    ("run-times", "An enabled dataset flow runs at startTime plus whole intervals before its end; interval 0: once.",
     "assumed", "7.3"),
    ("ui-actor", "UI edits leave exc_app as client and a person as actor.", "spec", "[D] 2.1; form of names assumed"),
    # Specs, datasets, runs, ad hoc
    ("specs-read-only", "Clients can only read specs (1426).", "spec", "[FE] 3.4"),
    ("configs-specs", "Exportable datasets are listed under the spec of the data lake, and under that of the landing "
     "zone.", "spec", "[D] [XD-new] 6; the landing zone by [AE], which does not show the answer: switch configs_specs"),
    ("configs-parameters", "outputType and outputField are required; start from 0, limit 1 to 100, 20 when left out; "
     "name and description match exactly; Catalog's other filters are refused as not emulated.", "spec",
     "[D] [XD-new] 6; exact match assumed"),
    ("configs-page-info", "pageInfo.end is the index of the last dataset shown, and total the number of all.",
     "assumed", "[inf] 6; switches configs_total, configs_has_next"),
    ("catalog-dataset", "Catalog answers a dataset as an object with the id as its key; `properties` selects members.",
     "spec", "[C]; other parameters are refused as not emulated"),
    ("catalog-list", "Catalog lists datasets from start, at most limit: 20 when left out, never more than 100; a bad "
     "number is 400; name matches exactly; other filters are refused as not emulated.", "spec",
     "[C] [CF]; exact match assumed"),
    ("catalog-classification", "classification of a dataset has dataBehavior, time-series for events and record for "
     "all else. managedBy is SYSTEM for snapshots and CUSTOMER for all else.", "spec",
     "[C], one published answer; record is assumed, and which datasets are SYSTEM; switch data_behavior"),
    ("catalog-permission", "Reading Catalog needs View Datasets, else 403.", "spec",
     "[C] has the status; which permission is assumed"),
    ("problem-body", "Catalog and the Schema Registry refuse with type, title, status and detail.", "assumed",
     "[C] draws no body"),
    ("descriptors-forms", "The Schema Registry lists descriptors by type: as ids, as paths or as objects, as Accept "
     "says; a type without descriptors is left out; any other Accept is 406.", "spec", "[SR]; the refusal is assumed"),
    ("descriptors-pages", "With the Accept header of version 2, descriptors come as results, with _page.next for start "
     "of the next page. limit (1 to 500) and start need orderby. A page may be longer, so that start works.", "spec",
     "[SR] [SP]; [AE] reads results and _page, without orderby"),
    ("descriptors-filter", "property filters descriptors by equal values, several filters together.", "spec",
     "[SP]; that several are joined by and is assumed"),
    ("descriptors-identities", "An identity descriptor has the path of its field without the word properties, and says "
     "whether it is primary. A schema has at most one primary one, or none.", "spec",
     "[SR]; the identities of the emulator's schemas are made up"),
    ("descriptors-permission", "Reading descriptors needs View Schemas, else 403.", "assumed",
     "the permission is Adobe's; which call needs it is assumed"),
    ("runs-read-only", "Clients can list and read runs. They cannot create runs (1427).", "spec", "[F] [FE] 3.4"),
    ("run-update", "PUT of a run needs If-Match (1403, 1404) and a body (1405); a client may not do it (1427).", "spec",
     "[F] [FE] 3.4; the order is assumed"),
    ("run-retrigger", "RE_TRIGGER of a failed run makes a new run of the same datasets at once; of another run it is "
     "1422.", "assumed", "[F] names the action, no source describes it for destinations"),
    ("search", "Flows, connections and flow specs can be searched with POST: limit 1 to 1000, the filters of a list in "
     "queryString, as one filter or as property=...&property=..., and projectionFields.", "spec",
     "[F] 3.4; the grammar of queryString is assumed"),
    ("connection-test", "A test of a connection is true, unless it holds the mask of GET as a secret.", "spec",
     "[F] 3.4; what is tested is assumed"),
    ("connection-explore", "A connection lists the folders of its target connections.", "spec",
     "[F] 3.4; the content is assumed"),
    ("ad-hoc", "A client can start a full export of datasets, one run each, if the flow is at least ten minutes old. "
     "It also works for a disabled flow, but not during another run. The increments of the schedule do not change.",
     "spec", "[DD] [AE] [NB] 9.2; in full, and a flow that is off: assumed; switch ad_hoc"),
    ("status-url", "statusURL of an on-demand run is on the host that the client asked.", "spec",
     "[AE] 9.2 shows the path; the host is that of the gateway"),
    # What a run does
    ("run-scope", "At each moment of the schedule there is one run of all datasets of the flow, or one run for each.",
     "assumed", "8.4, switch run_scope"),
    ("increments", "The first run of a dataset exports all rows that exist. Later runs export the rows ingested since "
     "the last successful run. A one-time export exports all rows.", "spec", "[D] [UI] 7.2; dataset-exports.md 10"),
    ("dataset-change", "After a change of a flow's datasets, the next run exports added datasets in full, and "
     "increments of the others.", "assumed", "U8, switch dataset_change"),
    ("record-versions", "A run exports the newest version of a row of a record dataset, and does not tell of rows that "
     "went away. Of a snapshot dataset, each run exports the whole table.", "assumed",
     "no source, switch record_versions"),
    ("schema-changes", "A run exports all its rows in the columns that the table has then. Rows from before a new "
     "column have no value in it.", "assumed", "no source"),
    ("failed-run-rows", "The run after a failed one exports the rows of both.", "assumed",
     "no source, switch failed_run_rows"),
    ("missed-run-rows", "The first run of a flow that is enabled again exports the rows of the runs that it skipped.",
     "assumed", "U10, switch missed_run_rows"),
    ("schedule-change", "A change of mode or interval does not restart the full export.", "assumed",
     "dataset-exports.md 5.3, switch schedule_change"),
    ("revival", "An expired flow continues after its end was moved, without the runs that it missed.", "assumed",
     "U11, dataset-exports.md 5.2, switch revival"),
    ("events-of-a-year", "A run leaves out rows of datasets with an XDM ExperienceEvent schema that are older than "
     "365 days at its scheduled time. The schema decides, not a timestamp column.", "spec",
     "[GR] 12, release notes of October 2025"),
    ("uncompressed-parquet-limit", "A full export of more than a million records of another schema as uncompressed "
     "Parquet fails.", "spec", "[GR] 12"),
    ("dataset-gone", "A run of a dataset that does not exist fails.", "assumed", "[UI] 6 warns of it"),
    ("default-folder", "Without a template the folder is the dataset's id and the export time.", "assumed",
     "[inf] 10.2"),
    ("folder-macros", "The service fills in the macros of the template, with the scheduled time. DATETIME takes Java's "
     "letters. %ORGANIZATION_NAME% is the organization's id. An unknown macro stays as it is. Switches say what "
     "%DESTINATION% stands for, how names and times are written, and what YYYY is.", "spec",
     "[XD-new] [D] 10.2; the organization's id is assumed; switches export_time_digits, week_year, folder_names, "
     "destination_macro"),
    ("part-names", "Files are called part-<n>-tid-<digits>-<uuid>-<digits>-1-c000 and their type.", "spec",
     "[XD-new] samples 10.1"),
    ("one-small-file", "A run writes up to 50,000 rows of a dataset as exactly one file, more rows as two files or "
     "more.", "spec", "release notes of June 2026; how many above 50,000 is assumed"),
    ("manifest-content", "The manifest holds flowRunId, scheduledTime and exportResults of sinkPath, name and size; "
     "its name holds the ids of flow and run.", "spec", "[S3P] [sample] 10.3"),
    ("manifest-location", "Each export folder contains a manifest, which lists its files.", "assumed",
     "U18, switch manifest_location"),
    ("written-times", "Each file of a run is written a second after the one before, by the emulator's clock. Only a "
     "local folder shows it.", "assumed", "no source"),
    ("manifest-last", "The manifest is written after the files it lists.", "assumed", "switch manifest_last"),
    ("empty-run", "A run without rows succeeds and writes nothing, no manifest either.", "assumed",
     "dataset-exports.md 10, switch empty_run and switch empty_manifest"),
    ("all-or-nothing", "If the storage refuses, the run fails. The emulator deletes what the run wrote, if the storage "
     "allows it.", "assumed", "no source"),
    ("run-object", "A run has metrics of time, size, rows (createdRecordCount too), files (read and written) and "
     "status (with activityRefs), and two activities with latencySummary and extensions. Its creation time is its "
     "scheduled time.", "spec", "[D] [XD-new] 8.1; names of activities are those of audiences"),
    ("run-duration", "A run takes no time. With a duration, it shows as Processing, without counts, until it ends.",
     "assumed", "8.2, switch run_duration"),
    ("run-entities", "entitySummaries name each dataset as dataset:<id>.", "assumed", "U17, switch run_entities"),
    ("run-errors", "A failed run has the generic error of the samples, and a second one with the storage's reason.",
     "assumed", "8.3, U17; codes made up"),
    ("last-run", "lastRunDetails of a flow is its newest run that has ended.", "spec", "[D] [F] 2.5"),
    ("run-spelling", "The status of a run is in lower case, and its end is completedAtUTC.", "spec",
     "[D] 8.2, C12 C13, switches run_status_case and run_end_member"),
    ("run-retention", "Runs are shown as long as their flow exists.", "assumed", "U19, switch run_retention"),
    ("runs-kept", "The emulator keeps the newest ten thousand runs of a flow.", "assumed", "U19"),
    # The data itself
    ("rows-made-up", "The emulator makes rows from a seed: profiles and web events in the form of XDM, with nested "
     "columns. JSON leaves out nulls. Parquet has times in milliseconds UTC and compresses inside its column chunks.",
     "assumed", "10.1 says NDJSON and Parquet, no more"),
    # Where exports are written
    ("storage-paths", "A target's folder is its path without slashes at its ends and doubled ones inside; one with a "
     "part `.` or `..` fails the run.", "assumed", "no pattern for the lake, the landing zone and SFTP 5.7"),
    ("storage-roles", "An assumed role stands for the keys that the endpoint lists for its ARN; another role is "
     "refused.", "assumed", "5.1; in the place of AWS STS"),
    ("storage-principals", "A service principal stands for the account key that the endpoint lists for its id, if its "
     "own key is right. The emulator then writes the lake by the Blob API of the account. It ignores tenant.",
     "assumed", "5.3; in the place of Entra ID"),
    ("storage-sftp-root", "A remotePath that begins with a slash is absolute, another is below the folder that a "
     "session starts in.", "assumed", "[XD-new] 5.6 5.7 do not say"),
    ("storage-ssh-key", "sshKey is the base64 of a PEM private key, or the PEM itself, without a passphrase.", "spec",
     "[XD-new] 5.6; plain PEM assumed"),
    ("landing-zone-storage", "The landing zone is one container, written with a SAS. The emulator does not delete "
     "files after seven days.", "spec", "[DLZ] 5.4; no deletion is a gap of the emulator"),
    ("landing-zone-credentials", "Its credentials are containerName, SASToken, storageAccountName and SASUri; the SAS "
     "reads, lists, creates and writes for seven days, and SASUri has the endpoint of this emulator.", "spec",
     "[DLZ] 5.4; permissions, lifetime and address assumed"),
    ("landing-zone-container", "Its container info is containerName and containerTTL in days, as text.", "spec",
     "[AE] 5.4; the text is assumed"),
    ("landing-zone-type", "The landing zone's endpoint knows the type dlz_destination and no other.", "assumed",
     "[DLZ] 5.4; the refusal is assumed"),
    ("landing-zone-local", "While the landing zone is a local folder its endpoint is 404.", "assumed",
     "a gap of the emulator"),
)  # fmt: skip

RULES: dict[str, ServiceRule] = {id: ServiceRule(id, text, status, source) for id, text, status, source in _ROWS}
