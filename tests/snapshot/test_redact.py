"""What a snapshot leaves out of an object, and which files are taken for one."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from exportctl.errors import Error
from exportctl.model.indented_json import document_parts
from exportctl.model.plan import Inventory, ListedDataset, LiveObject, PlanHeader, UnknownValue, canonical_json
from exportctl.model.secret import Secrecy
from exportctl.output.json import schemas
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.snapshot import file as document
from exportctl.snapshot.file import Snapshot
from exportctl.snapshot.redact import HIDDEN, redact_object

METHODS = [(kind, method) for kind in TYPES.values() for method in kind.methods]
PEM = "-----BEGIN RSA PRIVATE" + " KEY-----\nAAAA\n-----END RSA PRIVATE" + " KEY-----"
PGP = "-----BEGIN PGP PRIVATE" + " KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE" + " KEY BLOCK-----"
SSH2 = "---- BEGIN SSH2 ENCRYPTED PRIVATE" + " KEY ----\nAAAA\n---- END SSH2 ENCRYPTED PRIVATE" + " KEY ----"
PUBLIC = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"


def base64_text(text: str) -> str:
    return b64encode(text.encode()).decode()


def account(spec: str, auth: object) -> dict[str, Any]:
    return {"id": "b-1", "etag": "1", "name": "lake", "connectionSpec": {"id": spec, "version": "1.0"}, "auth": auth}


@pytest.mark.parametrize(("kind", "method"), METHODS, ids=lambda part: part.name)
def test_of_an_account_only_plain_values_stay(kind: Any, method: Any) -> None:
    params = {field.wire: f"value-of-{field.wire}" for field in method.fields}
    raw = account(kind.connection_spec, {"specName": method.spec_name, "params": {**params, "surprise": "x"}})

    kept = redact_object(raw)["auth"]["params"]

    plain = {f.wire for f in method.fields if f.secrecy is Secrecy.PLAIN}
    assert {name for name, value in kept.items() if value != HIDDEN} == plain
    assert kept.keys() == {*params, "surprise"}


@pytest.mark.parametrize(("kind", "method"), METHODS, ids=lambda part: part.name)
def test_what_was_left_out_reads_as_hidden_by_the_service(kind: Any, method: Any) -> None:
    params = {field.wire: field.sample for field in method.fields}
    raw = account(kind.connection_spec, {"specName": method.spec_name, "params": params})

    read = wire.read_fields("base_connection", redact_object(raw))["auth"]

    assert {f.name: read[f.name] for f in method.fields if f.secrecy is Secrecy.SENSITIVE} == {
        f.name: UnknownValue.HIDDEN for f in method.fields if f.secrecy is Secrecy.SENSITIVE
    }


@pytest.mark.parametrize(
    ("raw", "expected"),
    {
        "auth of a card that is not known": (
            account("other", {"specName": "OAuth", "params": {"token": "t", "host": "h"}}),
            account("other", {"specName": "OAuth", "params": {"token": HIDDEN, "host": HIDDEN}}),
        ),
        "auth without params": (account("other", "a-token"), account("other", HIDDEN)),
        "auth that is null": (account("other", None), account("other", None)),
        "auth further down": (
            {"inherited": [{"auth": {"specName": "X", "params": {"token": "t"}}}]},
            {"inherited": [{"auth": {"specName": "X", "params": {"token": HIDDEN}}}]},
        ),
        "an operation on auth": (
            {"ops": [{"op": "replace", "path": "/auth/params", "value": {"token": "t"}}]},
            {"ops": [{"op": "replace", "path": "/auth/params", "value": HIDDEN}]},
        ),
        "a secret param in another place": ({"params": {"s3SecretKey": "k"}}, {"params": {"s3SecretKey": HIDDEN}}),
        "a connection string in a text": (
            {"description": "see AccountName=a;AccountKey=bGlubmV0;x=y"},
            {"description": f"see AccountName=a;AccountKey={HIDDEN};x=y"},
        ),
        "a SAS in a URL": (
            {"url": "https://a.example/c?sv=2022&sig=a%2Fb%3D&se=x"},
            {"url": f"https://a.example/c?sv=2022&sig={HIDDEN}&se=x"},
        ),
        "a private key": ({"name": f"key {PEM} end"}, {"name": f"key {HIDDEN} end"}),
        "a private key cut short": ({"name": PEM[:40]}, {"name": HIDDEN}),
        "a private key for PGP": ({"name": f"key {PGP} end"}, {"name": f"key {HIDDEN} end"}),
        "a private key of RFC 4716": ({"name": f"key {SSH2} end"}, {"name": f"key {HIDDEN} end"}),
        "a private key in base64": ({"name": f"key {base64_text(PEM)} end"}, {"name": f"key {HIDDEN} end"}),
        "a private key in base64, in lines": (
            {"name": f"{base64_text(PEM)[:40]}\n{base64_text(PEM)[40:]}, and more"},
            {"name": f"{HIDDEN}, and more"},
        ),
        "base64 cut short": ({"name": "LS0tLS1CRUdJTiBSU"}, {"name": "LS0tLS1CRUdJTiBSU"}),
        "a public key in base64": ({"name": base64_text(PUBLIC)}, {"name": base64_text(PUBLIC)}),
        "words that only look so": ({"name": "design=1, signal=2"}, {"name": "design=1, signal=2"}),
        "a public key": (
            {"encryptionSpecs": {"params": {"publicKey": "mQENBF"}}},
            {"encryptionSpecs": {"params": {"publicKey": "mQENBF"}}},
        ),
        "people and numbers": (
            {"createdBy": "A1@AdobeID", "n": [1, None]},
            {"createdBy": "A1@AdobeID", "n": [1, None]},
        ),
    }.values(),
)
def test_what_is_left_out(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    assert redact_object(raw) == expected
    assert redact_object(expected) == expected


# -- the file ---------------------------------------------------------------------------------------------------------

HEADER = PlanHeader("org", "dev", "test", "acme", "service")
FLOW = {"id": "f-1", "etag": '"1"', "name": "Ünïcode", "createdAt": 1}
LIVE = Inventory(
    {"flow": (LiveObject("flow", "f-1", '"1"', "Ünïcode", "", None, FLOW),)},
    (ListedDataset("d-1", "Orders"),),
    {"spec-1": {"id": "spec-1"}},
)
SNAPSHOT = document.build_snapshot(HEADER, LIVE, 1_800_000_000)
TEXT = document.dump_snapshot(SNAPSHOT)
DOCUMENT = json.loads(TEXT)


def signed_document(**changes: Any) -> str:
    """A document whose digest is right, whatever it holds."""
    made = {name: part for name, part in {**DOCUMENT, **changes}.items() if name != "content_digest"}
    digest = hashlib.sha256(canonical_json(made).encode()).hexdigest()
    return "".join(document_parts({**made, "content_digest": digest}, 1, has_one_line_items=True)) + "\n"


def test_a_snapshot_comes_back_from_its_file() -> None:
    assert document.load_snapshot(TEXT) == SNAPSHOT
    assert signed_document() == TEXT
    assert f"\n    {json.dumps(FLOW, sort_keys=True)}\n" in TEXT
    assert SNAPSHOT.count == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), json_values, max_size=4), max_size=3), st.integers(0, 2**40))
def test_whatever_a_service_returns_comes_back_without_secrets(raws: list[dict[str, Any]], moment: int) -> None:
    objects = tuple(LiveObject("flow", "f", "e", "n", "", None, raw) for raw in raws)
    snapshot = document.build_snapshot(HEADER, Inventory({"flow": objects}, None, {}), moment)

    assert document.load_snapshot(document.dump_snapshot(snapshot)) == snapshot
    assert [redact_object(one) for one in snapshot.objects["flow"]] == [*snapshot.objects["flow"]]


def test_the_schema_describes_the_file() -> None:
    Draft202012Validator(schemas.schema("snapshot")).validate(DOCUMENT)


@pytest.mark.parametrize(
    ("text", "rule"),
    {
        "no JSON": ("{", "snapshot-json"),
        "a list": ("[]", "snapshot-kind"),
        "a saved plan": ('{"kind": "saved-plan", "format_version": 2}', "snapshot-kind"),
        "another version": (signed_document(format_version=2), "snapshot-version"),
        "a value edited": (TEXT.replace('"Orders"', '"Returns"'), "snapshot-edited"),
        "laid out again": (json.dumps(DOCUMENT), "snapshot-edited"),
        "the wrong digest": (TEXT.replace(DOCUMENT["content_digest"], "0" * 64), "snapshot-edited"),
        "no content": (signed_document(snapshot=None), "snapshot-edited"),
        "hollow": (signed_document(snapshot={}), "snapshot-edited"),
        **{
            f"odd {name} {part}": (signed_document(snapshot={**DOCUMENT["snapshot"], name: part}), "snapshot-edited")
            for name, part in (
                ("datasets", [1]),
                ("datasets", [{"id": "d-1", "name": []}]),
                ("specs", {"spec-1": "x"}),
                ("specs", "x"),
                ("taken_at", {}),
                ("header", {**DOCUMENT["snapshot"]["header"], "sandbox": 1}),
                ("objects", {**DOCUMENT["snapshot"]["objects"], "flow": ["x"]}),
                ("objects", {**DOCUMENT["snapshot"]["objects"], "flow": None}),
            )
        },
    }.values(),
)
def test_what_is_no_snapshot_is_refused(text: str, rule: str) -> None:
    with pytest.raises(Error) as raised:
        document.load_snapshot(text)

    assert raised.value.rule == rule
    assert "exportctl snapshot --out" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("named", "fits"),
    [
        (HEADER, True),
        (PlanHeader("org", "dev", "test", "another project", "service"), True),
        (PlanHeader("org", "dev", "prod", "acme", "service"), False),
        (PlanHeader("org", "dev", None, "acme", "service"), False),
        (PlanHeader("org", "prod", "test", "acme", "service"), False),
        (PlanHeader("other", "dev", "test", "acme", "service"), False),
        (PlanHeader("org", "dev", "test", "acme", "embedded"), False),
    ],
)
def test_a_snapshot_fits_the_place_it_was_taken_of(named: PlanHeader, fits: bool) -> None:
    assert is_for_header(SNAPSHOT, named) is fits


def is_for_header(snapshot: Snapshot, named: PlanHeader) -> bool:
    try:
        document.check_header(snapshot, named)
    except Error as error:
        assert error.rule == "snapshot-other-sandbox"
        return False
    return True
