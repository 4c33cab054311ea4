"""What an error of credentials, of a secret or of a write prints is followed, and the same apply then works."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl.emulator import Fault, Switches
from exportctl.errors import Error
from exportctl.model.outcome import OutcomeStatus
from tests.workflows.orders_sandbox import apply_config, objects, orders, orders_and_other
from tests.workflows.world import private_key, world

ID_AND_SECRET = "set AEP_CLIENT_ID and AEP_CLIENT_SECRET (Developer Console, OAuth Server-to-Server)"
LOOK = "look for a blank, a quote, a missing character or the value of another field; nothing was written"
PRINTF = "write it with printf '%s' instead of echo, and save an .env file without Windows line ends"
COMPARE = "compare AEP_CLIENT_ID, AEP_CLIENT_SECRET and AEP_SCOPES with the project in the Developer Console"
SHORT = "check where the variable is set: it is often empty or cut"
PUBLIC = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
EC = private_key(b"canary").replace("RSA PRIVATE", "EC PRIVATE")

# the destination, what is set instead, the hint; what is set as usual is what the hint asks for
VARIABLES: dict[str, tuple[str, dict[str, str | None], str]] = {
    "no credentials": ("s3-role", {"AEP_CLIENT_ID": None, "AEP_CLIENT_SECRET": None}, ID_AND_SECRET),
    "no client secret": (
        "s3-role",
        {"AEP_CLIENT_SECRET": None},
        "set AEP_CLIENT_SECRET (from the Developer Console), or AEP_ACCESS_TOKEN",
    ),
    "a client id with a blank": ("s3-role", {"AEP_CLIENT_ID": "emulator client"}, "set AEP_CLIENT_ID"),
    "a wrong client secret": ("s3-role", {"AEP_CLIENT_SECRET": "emulator-client-secret-2"}, COMPARE),
    "a token with its scheme": (
        "s3-role",
        {"AEP_ACCESS_TOKEN": "Bearer eyJhbGciOiJub25lIn0"},
        "set AEP_ACCESS_TOKEN to the token only, without `Bearer` and line breaks",
    ),
    "a token address without TLS": (
        "s3-role",
        {"AEP_IMS_URL": "http://ims.example/ims/token/v3"},
        "set AEP_IMS_URL to https://ims-na1.adobelogin.com/ims/token/v3, or unset it",
    ),
    "a short secret": ("sftp-password", {"SFTP_PASSWORD": "short"}, SHORT),
    "a secret with a line end": ("sftp-password", {"SFTP_PASSWORD": "canary-sftp-password\n"}, PRINTF),
    "a secret with a NUL": (
        "sftp-password",
        {"SFTP_PASSWORD": "canary-sftp\x00password"},
        "write the value again, as text in UTF-8",
    ),
    "a role that is none": ("s3-role", {"S3_ROLE": "acme-lake-role"}, LOOK),
    "a public key": ("sftp-key", {"SFTP_KEY": PUBLIC}, "pass the private key"),
    "a key of another kind": (
        "sftp-key",
        {"SFTP_KEY": EC},
        "make one without a passphrase: ssh-keygen -t rsa -b 4096 -m PEM -N '' -f KEY",
    ),
}


@pytest.mark.parametrize("case", VARIABLES)
def test_a_wrong_variable_is_set_as_its_hint_says(tmp_path: Path, case: str) -> None:
    destination, wrong, hint = VARIABLES[case]
    made = world(tmp_path)
    made.write(orders(destination=destination))
    right = made.env
    made.env = {name: value for name, value in {**right, **wrong}.items() if value is not None}

    with pytest.raises(Error) as caught:
        made.apply()

    assert [f.hint for f in caught.value.findings()] == [hint]
    assert made.writes() == []
    made.env = right
    assert made.apply()[1].passed


FAULTS: dict[str, tuple[Fault, str]] = {
    "a refused creation": (Fault("status", "POST", path="/targetConnections", status=422), ""),
    "a creation of unknown outcome": (
        Fault("lost", method="POST", path="/sourceConnections$", count=0, when="before"),
        "run apply again: it uses the object if it exists, or creates it",
    ),
    "a deletion that fails": (Fault("status", "DELETE", path="/flows", status=500, count=0), ""),
}


@pytest.mark.parametrize("case", FAULTS)
def test_an_apply_that_failed_is_run_again_as_its_hint_says(tmp_path: Path, case: str) -> None:
    fault, hint = FAULTS[case]
    made = world(tmp_path)
    content = orders_and_other()
    if fault.method == "DELETE":
        apply_config(made, content)
        entry = {"export": "orders", "do": "delete", "reason": "x"}
        content = {**content, "exports": {"other": content["exports"]["other"]}, "removed": [entry]}
    made.write(content)
    made.emulator.add_fault(fault)

    outcomes, final_check = made.apply()

    failed = [o for o in outcomes if o.status is OutcomeStatus.FAILED]
    assert (failed != [], final_check.passed) == (True, False)
    assert [o for o in failed if hint and o.hint != hint] == []
    made.emulator.clear_faults()
    assert made.apply()[1].passed
    assert len(objects(made, "flows")) == len(content["exports"])


def test_a_description_that_was_cut_is_shortened_as_its_hint_says(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(description_length=256))
    made.write(orders(description="Who may read this, and whom to ask. " * 7))

    outcomes, final_check = made.apply()

    hints = {o.hint for o in (*outcomes, *final_check.outcomes) if o.rule == "description-cut"}
    assert hints == {"shorten `description` or `repository`; `exportctl plan` says how much room there is"}
    (room,) = {w for i in made.plan().items for r in i.refusals for w in r.allow.split() if w.isdigit()}
    made.write(orders(description="x" * int(room)))
    assert made.apply()[1].passed
