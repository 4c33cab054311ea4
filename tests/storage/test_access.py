"""Who reads what: every type of destination, each way to give credentials, and nothing set at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exportctl.model.secret import Secret
from exportctl.resources.destinations.table import TYPES
from exportctl.storage.access import open_reader, storage_access
from exportctl.storage.access_types import (
    S3,
    Access,
    AccessInputs,
    AwsKeys,
    Azure,
    FederatedToken,
    Google,
    LocalFolder,
    Method,
    Sas,
    ServicePrincipal,
    Sftp,
    SharedKey,
)
from exportctl.storage.local import LocalReader
from exportctl.storage.object_store import ObjectReader
from exportctl.storage.reader import StorageError

LAKE_URL = "abfss://exports@lakeaccount.dfs.core.windows.net"
LOCATIONS = {
    "amazon-s3": AccessInputs("lake", TYPES["amazon-s3"], {"bucket": "acme"}),
    "azure-blob": AccessInputs("lake", TYPES["azure-blob"], {"container": "acme", "path": "a"}),
    "azure-data-lake": AccessInputs("lake", TYPES["azure-data-lake"], {"path": "a"}, {"endpoint": LAKE_URL}),
    "data-landing-zone": AccessInputs("lake", TYPES["data-landing-zone"], {"path": "a"}),
    "google-cloud-storage": AccessInputs("lake", TYPES["google-cloud-storage"], {"bucket": "acme"}),
    "sftp": AccessInputs("lake", TYPES["sftp"], {"path": "/in"}, {"host": "sftp.example", "username": "acme"}),
}
AWS = {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "my secret key"}
KEYS = AwsKeys(Secret("AKIAMINE"), Secret("my secret key"))
PRINCIPAL = {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "my client secret"}
FEDERATED = {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", "AZURE_FEDERATED_TOKEN_FILE": "/token"}
ACCOUNT = {"AZURE_STORAGE_ACCOUNT": "mine"}
BLOB = "https://mine.blob.core.windows.net"
LAKE = "https://lakeaccount.blob.core.windows.net"
HMAC = {"GCS_HMAC_ACCESS_KEY_ID": "GOOGMINE", "GCS_HMAC_SECRET_ACCESS_KEY": "my secret key"}
HMAC_KEYS = AwsKeys(Secret("GOOGMINE"), Secret("my secret key"))
STRING = "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=a2V5PT0=;EndpointSuffix=core.windows.net"
SFTP = Sftp("sftp.example", 22, "acme", "~/.ssh/known_hosts", "/")


Answer = Callable[[], Mapping[str, object]]


def caller_access(location: AccessInputs, environment: Mapping[str, str], ask: Answer | None = None) -> Access:
    return storage_access(replace(location, environment=environment, landing_zone=ask))


def destination_access(
    location: AccessInputs, auth: Mapping[str, str | Secret], environment: Mapping[str, str], ask: Answer | None = None
) -> Access:
    return storage_access(replace(location, auth=auth, environment=environment, landing_zone=ask))


def sftp(**changes: Any) -> Sftp:
    return replace(SFTP, **changes)


def reader_variables(variables: Mapping[str, str]) -> dict[str, str]:
    return {f"EXPORTCTL_READER_LAKE_{name}": value for name, value in variables.items()}


GIVEN: dict[str, tuple[str, Mapping[str, str], Method]] = {
    "s3, keys": ("amazon-s3", AWS, S3("acme", "us-east-1", keys=KEYS)),
    "s3, keys with a token, region and endpoint": (
        "amazon-s3",
        AWS | {"AWS_SESSION_TOKEN": "my-token", "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://localhost:9000"},
        S3("acme", "eu-west-1", "http://localhost:9000", replace(KEYS, session_token=Secret("my-token"))),
    ),
    "s3, the variable of S3 alone before that of all services": (
        "amazon-s3",
        AWS | {"AWS_ENDPOINT_URL": "https://all.example", "AWS_ENDPOINT_URL_S3": "https://s3.example"},
        S3("acme", "us-east-1", "https://s3.example", KEYS),
    ),
    "s3, the default region": (
        "amazon-s3",
        AWS | {"AWS_DEFAULT_REGION": "eu-north-1"},
        S3("acme", "eu-north-1", keys=KEYS),
    ),
    "s3, keys before a role": (
        "amazon-s3",
        AWS | {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"},
        S3("acme", "us-east-1", keys=KEYS),
    ),
    "s3, the role of a job": (
        "amazon-s3",
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r"},
        S3("acme", "us-east-1"),
    ),
    "s3, the role of a task": (
        "amazon-s3",
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"},
        S3("acme", "us-east-1"),
    ),
    "s3, the role of a pod": (
        "amazon-s3",
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
        },
        S3("acme", "us-east-1"),
    ),
    "s3, the role of an instance, asked for": (
        "amazon-s3",
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://169.254.169.254"},
        S3("acme", "us-east-1", metadata="http://169.254.169.254"),
    ),
    "blob, key": (
        "azure-blob",
        ACCOUNT | {"AZURE_STORAGE_KEY": "my-key"},
        Azure("mine", "acme", BLOB, SharedKey(Secret("my-key"))),
    ),
    "blob, signature": (
        "azure-blob",
        ACCOUNT | {"AZURE_STORAGE_SAS_TOKEN": "?sv=1&sig=x"},
        Azure("mine", "acme", BLOB, Sas(Secret("sv=1&sig=x"))),
    ),
    "blob, connection string": (
        "azure-blob",
        {"AZURE_STORAGE_CONNECTION_STRING": STRING},
        Azure("mine", "acme", BLOB, SharedKey(Secret("a2V5PT0="))),
    ),
    "blob, connection string with a signature": (
        "azure-blob",
        {"AZURE_STORAGE_CONNECTION_STRING": f"BlobEndpoint={BLOB}/;SharedAccessSignature=sv=1&sig=x"},
        Azure("mine", "acme", BLOB, Sas(Secret("sv=1&sig=x"))),
    ),
    "blob, connection string of an emulator": (
        "azure-blob",
        {"AZURE_STORAGE_CONNECTION_STRING": "BlobEndpoint=http://127.0.0.1:10000/dev;AccountKey=a2V5"},
        Azure("dev", "acme", "http://127.0.0.1:10000/dev", SharedKey(Secret("a2V5"))),
    ),
    "blob, service principal": (
        "azure-blob",
        ACCOUNT | PRINCIPAL,
        Azure("mine", "acme", BLOB, ServicePrincipal("tenant", "client", Secret("my client secret"))),
    ),
    "blob, workload identity": (
        "azure-blob",
        ACCOUNT | FEDERATED,
        Azure("mine", "acme", BLOB, FederatedToken("tenant", "client", "/token")),
    ),
    "blob, endpoint": (
        "azure-blob",
        ACCOUNT | {"AZURE_STORAGE_KEY": "my-key", "AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:10000/mine"},
        Azure("mine", "acme", "http://127.0.0.1:10000/mine", SharedKey(Secret("my-key"))),
    ),
    "lake, key": (
        "azure-data-lake",
        {"AZURE_STORAGE_KEY": "my-key"},
        Azure("lakeaccount", "exports", LAKE, SharedKey(Secret("my-key"))),
    ),
    "lake, signature of its account": (
        "azure-data-lake",
        {"AZURE_STORAGE_ACCOUNT": "lakeaccount", "AZURE_STORAGE_SAS_TOKEN": "sig"},
        Azure("lakeaccount", "exports", LAKE, Sas(Secret("sig"))),
    ),
    "lake, the key of another account is not tried on it": (
        "azure-data-lake",
        ACCOUNT | {"AZURE_STORAGE_KEY": "my-key"} | PRINCIPAL,
        Azure("lakeaccount", "exports", LAKE, ServicePrincipal("tenant", "client", Secret("my client secret"))),
    ),
    "lake, the address of another account is not its own": (
        "azure-data-lake",
        ACCOUNT | {"AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:10000/mine"} | PRINCIPAL,
        Azure("lakeaccount", "exports", LAKE, ServicePrincipal("tenant", "client", Secret("my client secret"))),
    ),
    "lake, an address of its own": (
        "azure-data-lake",
        {"AZURE_STORAGE_KEY": "my-key"}
        | reader_variables({"AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:10000/lakeaccount"}),
        Azure("lakeaccount", "exports", "http://127.0.0.1:10000/lakeaccount", SharedKey(Secret("my-key"))),
    ),
    "lake, workload identity": (
        "azure-data-lake",
        FEDERATED,
        Azure("lakeaccount", "exports", LAKE, FederatedToken("tenant", "client", "/token")),
    ),
    "lake, an account of its own stands in for the live one": (
        "azure-data-lake",
        reader_variables({"AZURE_STORAGE_ACCOUNT": "copy", "AZURE_STORAGE_KEY": "my-key"}),
        Azure("copy", "exports", "https://copy.blob.core.windows.net", SharedKey(Secret("my-key"))),
    ),
    "google, HMAC": ("google-cloud-storage", HMAC, S3("acme", "auto", "https://storage.googleapis.com", HMAC_KEYS)),
    "google, HMAC elsewhere": (
        "google-cloud-storage",
        HMAC | {"GCS_ENDPOINT_URL": "http://localhost:9000"},
        S3("acme", "auto", "http://localhost:9000", HMAC_KEYS),
    ),
    "google, a file": (
        "google-cloud-storage",
        {"GOOGLE_APPLICATION_CREDENTIALS": "/sa.json"},
        Google("acme", "/sa.json"),
    ),
    "sftp, password": ("sftp", {"EXPORTCTL_SFTP_PASSWORD": "my-pass"}, sftp(password=Secret("my-pass"))),
    "sftp, key file": ("sftp", {"EXPORTCTL_SFTP_PRIVATE_KEY_FILE": "~/key"}, sftp(key_file="~/key")),
    "sftp, agent": ("sftp", {"SSH_AUTH_SOCK": "/agent"}, sftp(agent="/agent")),
    "sftp, everything else given too": (
        "sftp",
        {
            "EXPORTCTL_SFTP_PASSWORD": "my-pass",
            "EXPORTCTL_SFTP_HOST": "inside.example",
            "EXPORTCTL_SFTP_PORT": "2222",
            "EXPORTCTL_SFTP_USERNAME": "auditor",
            "EXPORTCTL_SFTP_KNOWN_HOSTS": "/known",
        },
        Sftp("inside.example", 2222, "auditor", "/known", "/", password=Secret("my-pass")),
    ),
}


@pytest.mark.parametrize("name", GIVEN)
def test_what_the_environment_gives_is_used(name: str) -> None:
    type, environment, expected = GIVEN[name]

    assert caller_access(LOCATIONS[type], environment).method == expected


@pytest.mark.parametrize("type", TYPES)
def test_nothing_set_says_which_variables_would_give_access(type: str) -> None:
    with pytest.raises(StorageError) as caught:
        caller_access(LOCATIONS[type], {"HOME": "/home/me", "AWS_ACCESS_KEY_ID": "", "AZURE_STORAGE_KEY": ""})

    assert caught.value.rule == "storage-credentials"
    assert caught.value.message.startswith("destinations.lake: ")
    assert "EXPORTCTL_READER_LAKE_" in (caught.value.hint or "")


@pytest.mark.parametrize("type", TYPES)
def test_a_folder_comes_before_everything_else(type: str) -> None:
    everything = {name: value for _, environment, _ in GIVEN.values() for name, value in environment.items()}

    given = everything | {"EXPORTCTL_READER_LAKE_FOLDER": "/mnt/lake"}

    expected = Access("/mnt/lake", LocalFolder(Path("/mnt/lake")), "EXPORTCTL_READER_LAKE_FOLDER")
    assert caller_access(LOCATIONS[type], given) == expected
    assert destination_access(LOCATIONS[type], {}, given) == expected


def test_a_folder_is_only_ever_one_destination_s() -> None:
    with pytest.raises(StorageError):
        caller_access(LOCATIONS["amazon-s3"], {"FOLDER": "/mnt/lake", "EXPORTCTL_READER_OTHER_FOLDER": "/mnt/other"})


def test_a_destination_s_own_variables_come_before_plain_ones_and_are_not_mixed_with_them() -> None:
    theirs = {"AWS_SESSION_TOKEN": "not mine", "AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "other"}

    access = caller_access(LOCATIONS["amazon-s3"], theirs | reader_variables(AWS))

    assert access.method == S3("acme", "us-east-1", keys=KEYS)
    assert access.identity == "EXPORTCTL_READER_LAKE_AWS_ACCESS_KEY_ID"


def test_hyphens_of_a_destination_are_underscores_in_its_variables() -> None:
    place = AccessInputs("eu-lake-2", TYPES["amazon-s3"], {"bucket": "acme"})

    access = caller_access(place, {f"EXPORTCTL_READER_EU_LAKE_2_{name}": value for name, value in AWS.items()})

    assert access.method == S3("acme", "us-east-1", keys=KEYS)


def test_a_region_is_no_credential_and_may_be_mixed() -> None:
    environment = AWS | {"AWS_REGION": "us-west-2"} | reader_variables({"AWS_DEFAULT_REGION": "eu-west-1"})

    assert caller_access(LOCATIONS["amazon-s3"], environment).method == S3("acme", "eu-west-1", keys=KEYS)


UNUSABLE: dict[str, tuple[str, Mapping[str, str], str]] = {
    "half a key": ("amazon-s3", {"AWS_ACCESS_KEY_ID": "A"}, "AWS_SECRET_ACCESS_KEY is not set, the other half"),
    "the other half": ("amazon-s3", {"AWS_SECRET_ACCESS_KEY": "A"}, "AWS_ACCESS_KEY_ID is not set, the other half"),
    "half a key of its own beside a whole plain one": (
        "amazon-s3",
        AWS | reader_variables({"AWS_ACCESS_KEY_ID": "A"}),
        "EXPORTCTL_READER_LAKE_AWS_SECRET_ACCESS_KEY is not set",
    ),
    "a role of its own": (
        "amazon-s3",
        AWS | reader_variables({"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"}),
        "EXPORTCTL_READER_LAKE_AWS_WEB_IDENTITY_TOKEN_FILE: only keys can be given",
    ),
    "a job's token without a role": ("amazon-s3", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"}, "needs AWS_ROLE_ARN"),
    "a pod's address without its token": (
        "amazon-s3",
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"},
        "needs AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ),
    "an endpoint in the clear": (
        "amazon-s3",
        AWS | {"AWS_ENDPOINT_URL": "http://storage.example"},
        "AWS_ENDPOINT_URL is not https: http://storage.example",
    ),
    "an endpoint with a password": (
        "amazon-s3",
        AWS | {"AWS_ENDPOINT_URL": "https://me:hunter22@storage.example"},
        "AWS_ENDPOINT_URL is not an http address",
    ),
    "a connection string of the emulator's short form": (
        "azure-blob",
        {"AZURE_STORAGE_CONNECTION_STRING": "UseDevelopmentStorage=true"},
        "AZURE_STORAGE_CONNECTION_STRING is no connection string with an account and a key",
    ),
    "a connection string in the clear": (
        "azure-blob",
        {"AZURE_STORAGE_CONNECTION_STRING": "BlobEndpoint=http://b.example/;AccountName=a;AccountKey=k"},
        "BlobEndpoint in AZURE_STORAGE_CONNECTION_STRING is not https",
    ),
    "a service principal without its tenant": (
        "azure-blob",
        ACCOUNT | {"AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"},
        "AZURE_CLIENT_SECRET needs AZURE_TENANT_ID",
    ),
    "a federated token without anything": (
        "azure-blob",
        ACCOUNT | reader_variables({"AZURE_FEDERATED_TOKEN_FILE": "/t"}) | PRINCIPAL,
        "EXPORTCTL_READER_LAKE_AZURE_FEDERATED_TOKEN_FILE needs EXPORTCTL_READER_LAKE_AZURE_TENANT_ID and",
    ),
    "a string of its own that is another account's": (
        "azure-data-lake",
        reader_variables({"AZURE_STORAGE_CONNECTION_STRING": STRING}),
        "EXPORTCTL_READER_LAKE_AZURE_STORAGE_CONNECTION_STRING is of another account, mine",
    ),
    "half an HMAC key": ("google-cloud-storage", {"GCS_HMAC_ACCESS_KEY_ID": "G"}, "GCS_HMAC_SECRET_ACCESS_KEY is not"),
    "a port that is none": (
        "sftp",
        {"EXPORTCTL_SFTP_PASSWORD": "p", "EXPORTCTL_SFTP_PORT": "22a"},
        "'22a' is no port",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_given_and_cannot_be_used_is_an_error_of_its_own(name: str) -> None:
    type, environment, expected = UNUSABLE[name]

    with pytest.raises(StorageError) as caught:
        caller_access(LOCATIONS[type], environment)

    assert caught.value.rule == "storage-setup"
    assert expected in caught.value.message
    assert "hunter22" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("given", [{"AZURE_STORAGE_KEY": "my-key"}, PRINCIPAL], ids=["a key", "a service principal"])
def test_azure_credentials_of_no_account_are_not_meant_for_the_container(given: Mapping[str, str]) -> None:
    with pytest.raises(StorageError, match="nothing says which account it belongs to") as caught:
        caller_access(LOCATIONS["azure-blob"], given)
    assert caught.value.rule == "storage-credentials"


def test_a_profile_alone_says_how_to_put_its_keys_into_the_environment() -> None:
    with pytest.raises(StorageError) as caught:
        caller_access(LOCATIONS["amazon-s3"], {"AWS_PROFILE": "prod"})

    assert "aws configure export-credentials" in (caught.value.hint or "")


@pytest.mark.parametrize("cloud", ["core.windows.net.evil.example", "evil.example"])
def test_a_lake_that_is_not_azure_s_gets_no_token(cloud: str) -> None:
    place = AccessInputs("lake", TYPES["azure-data-lake"], {"path": "a"}, {"endpoint": f"abfss://c@acc.dfs.{cloud}"})

    with pytest.raises(StorageError, match="which is not Azure") as caught:
        caller_access(place, PRINCIPAL)
    assert caught.value.rule == "storage-setup"
    assert isinstance(caller_access(place, PRINCIPAL | {"AZURE_STORAGE_ENDPOINT": "https://ok.example"}).method, Azure)


@pytest.mark.parametrize("url", ["", "abfss://acc.dfs.core.windows.net", "https://acc.blob.core.windows.net/c"])
def test_a_lake_without_its_url_says_so(url: str) -> None:
    place = AccessInputs("lake", TYPES["azure-data-lake"], {"path": "a"}, {"endpoint": url} if url else {})

    with pytest.raises(StorageError, match="shows no abfss URL"):
        caller_access(place, {"AZURE_STORAGE_KEY": "my-key"})


@pytest.mark.parametrize(
    ("zone", "cloud"), [("", "core.usgovcloudapi.net"), ("", "core.chinacloudapi.cn"), (".z07", "storage.azure.net")]
)
def test_other_clouds_of_azure_have_their_own_addresses(zone: str, cloud: str) -> None:
    place = AccessInputs(
        "lake", TYPES["azure-data-lake"], {"path": "a"}, {"endpoint": f"abfss://c@acc{zone}.dfs.{cloud}/"}
    )

    method = caller_access(place, {"AZURE_STORAGE_KEY": "my-key"}).method

    assert isinstance(method, Azure) and method.endpoint == f"https://acc{zone}.blob.{cloud}"


@pytest.mark.parametrize(("path", "root"), [("/incoming", "/"), ("incoming", "")])
def test_a_path_without_a_slash_in_front_is_below_the_user_s_folder(path: str, root: str) -> None:
    place = AccessInputs("lake", TYPES["sftp"], {"path": path}, {"host": "h", "port": "2022", "username": "u"})

    access = caller_access(place, {"EXPORTCTL_SFTP_PASSWORD": "p"})

    assert isinstance(access.method, Sftp)
    assert (access.method.root, access.method.port, access.label) == (root, 2022, "sftp://h:2022")


@pytest.mark.parametrize("missing", ["host", "username"])
def test_what_the_base_connection_of_sftp_does_not_show_is_asked_for(missing: str) -> None:
    account = {name: value for name, value in LOCATIONS["sftp"].account.items() if name != missing}

    with pytest.raises(StorageError, match=f"shows no {missing}") as caught:
        caller_access(AccessInputs("lake", TYPES["sftp"], {"path": "/"}, account), {"EXPORTCTL_SFTP_PASSWORD": "p"})
    assert caught.value.hint == f"set EXPORTCTL_SFTP_{missing.upper()}"


def test_a_target_that_shows_no_bucket_says_so() -> None:
    with pytest.raises(StorageError, match="its target connection shows no bucket"):
        caller_access(AccessInputs("lake", TYPES["amazon-s3"], {}), AWS)


ON_AZURE = {
    "containerName": "dlz-destination",
    "SASToken": "sv=2020&sig=x%3D",
    "storageAccountName": "sndbx1",
    "SASUri": "https://sndbx1.blob.core.windows.net/dlz-destination?sv=2020&sig=x%3D",
}
ON_AWS = {
    "credentials": {"awsAccessKeyId": "ASIA1", "awsSecretAccessKey": "s", "awsSessionToken": "t"},
    "dlzPath": {"bucketName": "adobe-dlz", "dlzFolder": "/org/sandbox/"},
    "dlzProvider": "Amazon S3",
    "expiryTime": 1_700_000_000,
}
ZONES: dict[str, tuple[Mapping[str, object], Method]] = {
    "on Azure": (
        ON_AZURE,
        Azure("sndbx1", "dlz-destination", "https://sndbx1.blob.core.windows.net", Sas(Secret("sv=2020&sig=x%3D"))),
    ),
    "on Azure without the whole address": (
        {k: v for k, v in ON_AZURE.items() if k != "SASUri"},
        Azure("sndbx1", "dlz-destination", "https://sndbx1.blob.core.windows.net", Sas(Secret("sv=2020&sig=x%3D"))),
    ),
    "on this machine": (
        ON_AZURE | {"SASUri": "http://127.0.0.1:10000/sndbx1/dlz-destination?sv=2020"},
        Azure("sndbx1", "dlz-destination", "http://127.0.0.1:10000/sndbx1", Sas(Secret("sv=2020&sig=x%3D"))),
    ),
    "on AWS": (
        ON_AWS,
        S3("adobe-dlz", "us-east-1", None, AwsKeys(Secret("ASIA1"), Secret("s"), Secret("t")), prefix="org/sandbox"),
    ),
}


@pytest.mark.parametrize("name", ZONES)
def test_the_landing_zone_is_read_with_what_the_platform_hands_out(name: str) -> None:
    answer, expected = ZONES[name]
    theirs = AWS | ACCOUNT | {"AZURE_STORAGE_KEY": "of the company's own account"}

    assert caller_access(LOCATIONS["data-landing-zone"], theirs, lambda: answer).method == expected


def test_the_landing_zone_s_own_variables_come_first_and_no_request_is_sent() -> None:
    environment = reader_variables({"AZURE_STORAGE_ACCOUNT": "sndbx2", "AZURE_STORAGE_SAS_TOKEN": "sig"})
    environment |= ACCOUNT | {"AZURE_STORAGE_ENDPOINT": "https://of.mine.example"}

    def ask() -> Mapping[str, object]:
        raise AssertionError("asked")

    method = caller_access(LOCATIONS["data-landing-zone"], environment, ask).method

    assert method == Azure("sndbx2", "dlz-destination", "https://sndbx2.blob.core.windows.net", Sas(Secret("sig")))


@pytest.mark.parametrize("answer", [{"SASToken": "s"}, {"dlzPath": None}, {"dlzPath": {}, "credentials": []}])
def test_an_answer_of_another_form_is_reported_without_its_content(answer: Mapping[str, object]) -> None:
    with pytest.raises(StorageError, match="credentials of an unknown form") as caught:
        caller_access(LOCATIONS["data-landing-zone"], {}, lambda: answer)
    assert caught.value.rule == "storage-setup"


def test_an_answer_that_names_a_place_in_the_clear_gets_nothing() -> None:
    answer = ON_AZURE | {"SASUri": "http://elsewhere.example/dlz-destination?sv=2020"}

    with pytest.raises(StorageError, match="SASUri is not https"):
        caller_access(LOCATIONS["data-landing-zone"], {}, lambda: answer)


OWN: dict[str, tuple[str, Mapping[str, str | Secret], Method]] = {
    "s3, key": (
        "amazon-s3",
        {"access_key_id": "AKIAMINE", "secret_access_key": Secret("my secret key")},
        S3("acme", "us-east-1", keys=KEYS),
    ),
    "blob": (
        "azure-blob",
        {"connection_string": Secret(STRING)},
        Azure("mine", "acme", BLOB, SharedKey(Secret("a2V5PT0="))),
    ),
    "lake": (
        "azure-data-lake",
        {"endpoint": LAKE_URL, "tenant_id": Secret("tenant"), "client_id": "client", "client_secret": Secret("word")},
        Azure("lakeaccount", "exports", LAKE, ServicePrincipal("tenant", "client", Secret("word"))),
    ),
    "google": (
        "google-cloud-storage",
        {"access_key_id": "GOOGMINE", "secret_access_key": Secret("my secret key")},
        S3("acme", "auto", "https://storage.googleapis.com", HMAC_KEYS),
    ),
    "sftp, password": (
        "sftp",
        {"username": "me", "password": Secret("my-pass")},
        sftp(username="me", password=Secret("my-pass")),
    ),
    "sftp, a key as it is sent": (
        "sftp",
        {"username": "me", "private_key": Secret("LS0tLS1CRUdJTg==")},
        sftp(username="me", private_key=Secret("-----BEGIN")),
    ),
    "sftp, a key as it is in its file": (
        "sftp",
        {"username": "me", "private_key": Secret("-----BEGIN X-----\n")},
        sftp(username="me", private_key=Secret("-----BEGIN X-----\n")),
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_the_destination_s_own_credentials_read_where_the_config_says_so(name: str) -> None:
    type, auth, expected = OWN[name]

    access = destination_access(LOCATIONS[type], auth, {"SSH_AUTH_SOCK": "/agent", **PRINCIPAL})

    assert access.method == expected
    assert access.identity.startswith("the destination's own ")


def test_the_landing_zone_has_no_credentials_but_those_handed_out() -> None:
    assert (
        destination_access(LOCATIONS["data-landing-zone"], {}, {}, lambda: ON_AWS).label == "s3://adobe-dlz/org/sandbox"
    )


def test_a_role_is_adobe_s_to_take_and_not_ours() -> None:
    with pytest.raises(StorageError, match="its role cannot be used to read"):
        destination_access(LOCATIONS["amazon-s3"], {"role_arn": "arn:aws:iam::123456789012:role/r"}, AWS)


@pytest.mark.parametrize("type", [t for t in TYPES if t != "data-landing-zone"])
def test_a_config_without_the_values_says_which_is_missing(type: str) -> None:
    with pytest.raises(StorageError, match="the config holds no ") as caught:
        destination_access(LOCATIONS[type], {}, {})
    assert caught.value.rule == "storage-setup"


@pytest.mark.parametrize("name", GIVEN)
def test_no_access_shows_a_secret(name: str) -> None:
    type, environment, _ = GIVEN[name]

    access = caller_access(LOCATIONS[type], environment)

    words = ("SECRET", "TOKEN", "PASSWORD", "STORAGE_KEY", "CONNECTION_STRING")
    secrets = [v.lstrip("?") for n, v in environment.items() if any(w in n for w in words) and "FILE" not in n]
    assert not [value for value in secrets if value in repr(access) or value in access.label]


@pytest.mark.parametrize("name", GIVEN)
def test_equal_ways_to_read_are_one(name: str) -> None:
    """So that destinations with one storage share a connection."""
    type, environment, _ = GIVEN[name]

    assert len({caller_access(LOCATIONS[type], environment), caller_access(LOCATIONS[type], environment)}) == 1


BUCKET = S3("acme", "eu-west-1", keys=AwsKeys(Secret("AKIAMINE"), Secret("secret")))
NEEDS: dict[str, Method] = {
    "obstore for S3": BUCKET,
    "obstore for Azure": Azure("mine", "acme", BLOB, Sas(Secret("sig=x"))),
    "obstore for Google": Google("acme", "/sa.json"),
    "asyncssh for SFTP": Sftp("sftp.example", 22, "acme", "/known_hosts", "/", password=Secret("secret")),
}


@pytest.mark.parametrize("name", NEEDS)
def test_a_package_that_is_not_installed_is_named_with_the_way_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = name.partition(" ")[0]
    for module in [m for m in sys.modules if m.partition(".")[0] == package] or [package]:
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed

    with pytest.raises(StorageError) as caught:
        open_reader(Access("the place", NEEDS[name], "a test"))

    assert caught.value.rule == "storage-extra"
    assert caught.value.message == f"reading the place needs the package {package}"
    assert caught.value.hint == "pip install 'exportctl[storage]'"


def test_a_folder_needs_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("obstore", "asyncssh"):
        monkeypatch.setitem(sys.modules, module, None)

    assert isinstance(open_reader(Access("here", LocalFolder(tmp_path), "a test")), LocalReader)


QUIET: dict[str, Method] = {
    "a bucket by key": BUCKET,
    "a bucket in China by an instance's role": S3("acme", "cn-north-1", metadata="http://169.254.169.254"),
    "a container by service principal": Azure(
        "a", "acme", BLOB, ServicePrincipal("t", "c", Secret("my client secret"))
    ),
    "a container by federated token": Azure("mine", "acme", BLOB, FederatedToken("t", "c", "/token")),
}


@pytest.mark.parametrize("name", QUIET)
def test_an_object_store_is_asked_nothing_before_the_first_read(name: str) -> None:
    reader = open_reader(Access("the place", QUIET[name], "a test"))

    assert isinstance(reader, ObjectReader)
    assert reader.label == "the place"
