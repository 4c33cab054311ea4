"""
What stands before the services: the IMS token endpoint, the gateway's header checks, credentials and permissions.

In: a request. Out: the caller, or a refusal. Credentials and tokens are records of the store, in collections of their
own that no list shows. Source: flow-service.md 1 and 11.2.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from exportctl.emulator.read_view import Caller
from exportctl.emulator.store import Record, Store
from exportctl.emulator.wire import Answer, Json, Request, RequestRefused, flow_error, gateway_error

CLIENT_ID = "emulator-client"
CLIENT_SECRET = "emulator-client-secret"
VIEW = "View Destinations"
VIEW_DATASETS = "View Datasets"
MANAGE = "Manage Destinations"
ACTIVATE = "Manage and Activate Dataset Destinations"
VIEW_SCHEMAS = "View Schemas"
ADMINISTER = "Manage Sandboxes"
PERMISSIONS = (VIEW, VIEW_DATASETS, MANAGE, ACTIVATE, VIEW_SCHEMAS)  # what a credential has unless it is given others
EVERY_PERMISSION = (*PERMISSIONS, ADMINISTER)
TOKEN_SECONDS = 86399
TOKEN_FIELDS = ("grant_type", "client_id", "client_secret", "scope")


def register_client(
    store: Store,
    client_id: str,
    secret: str,
    permissions: tuple[str, ...] = PERMISSIONS,
    sandboxes: tuple[str, ...] | None = None,
) -> None:
    """Let a client in, with these permissions in these sandboxes; None stands for all of them."""
    unknown = sorted(set(permissions) - set(EVERY_PERMISSION))
    if unknown:
        raise ValueError(f"no such permission: {unknown[0]}; there are {', '.join(EVERY_PERMISSION)}")
    missing = sorted(name for name in sandboxes or () if store.get("sandboxes", name) is None)
    if missing:
        raise ValueError(f"no such sandbox: {missing[0]}")
    doc: Json = {"secret": secret, "permissions": list(permissions)}
    store.put(Record("credentials", client_id, "", doc if sandboxes is None else {**doc, "sandboxes": [*sandboxes]}))


def describe_client(credential: Record) -> Json:
    """Return what may be shown of a credential: all but its secret."""
    permissions, sandboxes = credential.doc["permissions"], credential.doc.get("sandboxes")
    return {"client_id": credential.id, "permissions": permissions, "sandboxes": sandboxes}


def remove_client(store: Store, client_id: str) -> None:
    """Remove a credential and its tokens; the one that `url: embedded` uses stays."""
    known = [record.id for record in store.list_records("credentials")]
    if client_id not in known:
        raise ValueError(f"there is no credential {client_id}; there is {', '.join(known)}")
    if client_id == CLIENT_ID:
        raise ValueError(f"{client_id} stays: commands with `url: embedded` use it")
    store.remove("credentials", client_id)
    for token in store.list_records("tokens"):
        if token.doc["client"] == client_id:
            store.remove("tokens", token.id)


def issue_token(store: Store, client_id: str, now: float, seconds: float) -> str:
    """Return a token for a registered client; those that have expired are forgotten."""
    for old in store.list_records("tokens"):
        if old.doc["expires"] <= now:
            store.remove("tokens", old.id)
    token = f"eyJ{store.draw_bytes().hex()}.{store.draw_bytes().hex()}"  # long, and without meaning
    store.put(Record("tokens", token, "", {"client": client_id, "expires": now + seconds}))
    return token


def answer_token_request(store: Store, request: Request, now: float) -> Answer:
    """Answer as the IMS token endpoint does."""
    # rule: token-endpoint
    fields = {**dict(request.query), **_parse_form(request)}
    missing = [name for name in TOKEN_FIELDS if not fields.get(name)]
    if missing:
        raise _ims_error(400, "invalid_request", f"{missing[0]} is missing")
    if fields["grant_type"] != "client_credentials":
        raise _ims_error(400, "unsupported_grant_type", "grant_type must be client_credentials")
    known = store.get("credentials", fields["client_id"])
    if known is None or known.doc["secret"] != fields["client_secret"]:
        raise _ims_error(401, "invalid_client", "client_id or client_secret is wrong")
    seconds = store.get_setting("token_seconds", TOKEN_SECONDS)
    token = issue_token(store, known.id, now, seconds)
    return Answer(200, {"access_token": token, "token_type": "bearer", "expires_in": seconds})


def _parse_form(request: Request) -> dict[str, str]:
    if not request.body:
        return {}
    if _media_type(request) != "application/x-www-form-urlencoded":
        raise _ims_error(400, "invalid_request", "the body must be a form")
    try:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    except UnicodeDecodeError as error:
        raise _ims_error(400, "invalid_request", "the body must be a form") from error


def _ims_error(status: int, error: str, text: str) -> RequestRefused:
    return RequestRefused(Answer(status, {"error": error, "error_description": text}))


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_json(request: Request) -> bool:
    """Whether the body says that it is JSON."""
    return _media_type(request) == "application/json"


def authenticate(store: Store, request: Request, organization: str, now: float) -> Record:
    """Return the credential behind a request."""
    # rule: gateway-headers
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise gateway_error("403010", "Oauth token is missing.")
    known = store.get("tokens", token)
    # rule: tokens-expire
    if known is None or known.doc["expires"] <= now:
        raise gateway_error("401013", "Oauth token is not valid")
    key = request.headers.get("x-api-key")
    if not key:
        raise gateway_error("403000", "Api Key is required")
    credential = store.get("credentials", key)
    if credential is None or key != known.doc["client"]:
        raise gateway_error("403003", "Api Key is invalid")
    _check_organization(request, organization)
    return credential


def _check_organization(request: Request, organization: str) -> None:
    org = request.headers.get("x-gw-ims-org-id")
    if not org:
        raise gateway_error("400003", "IMS organization header is missing")
    # rule: wrong-organization
    if org != organization:
        raise flow_error(2000, 401, f"The token has no access to the organization [{org}]")


def forget_token(store: Store, request: Request) -> None:
    """Make the token of a request invalid, as if it had expired."""
    store.remove("tokens", request.headers.get("authorization", "").partition(" ")[2])


def find_sandbox(store: Store, request: Request, credential: Record) -> Record:
    """Return the sandbox that a request works in, if the credential may work there."""
    # rule: sandbox-headers
    if "x-sandbox-id" in request.headers:
        raise flow_error(2110, 400, "x-sandbox-id is not allowed with this token")
    name = request.headers.get("x-sandbox-name")
    if not name:
        raise flow_error(2105, 400, "x-sandbox-name is missing")
    found = store.get("sandboxes", name)
    if found is None:
        raise flow_error(2101, 404, f"Sandbox [{name}] not found")
    # rule: sandbox-permissions
    if not may_enter(credential, name):
        raise flow_error(2120, 403, f"You do not have sufficient permissions in sandbox [{name}]")
    return found


def may_enter(credential: Record, sandbox: str) -> bool:
    """Whether a credential may work in a sandbox."""
    allowed = credential.doc.get("sandboxes")
    return allowed is None or sandbox in allowed


def caller(credential: Record) -> Caller:
    """How a client appears on what it writes."""
    # rule: service-token-actor
    return Caller(credential.id, credential.id)
