"""The file of a profile: what is written is read again, and each mistake has its line."""

from __future__ import annotations

import pytest

from exportctl.errors import ConfigError
from exportctl.profile.file import ServiceProfile, default_path, dump_profile, load_profile
from tests.output.sample_probes import service_profile


def load(text: str) -> ServiceProfile:
    return load_profile("service-profile.json", text.encode())


def test_what_is_written_is_read_again() -> None:
    assert load(dump_profile(service_profile())) == service_profile()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"kind": "service-profile"', '"kind": "snapshot"', "kind is not service-profile"),
        ('"format_version": 1', '"format_version": 2', "format_version is not 1"),
        ('"platform": "service"', '"platform": "moon"', "platform is one of service"),
        ('"platform": "service"', '"platform": 1', "platform is missing, or no text"),
        ('"probed_on": "2026-11-29"', '"probed_on": "today"', "probed_on is a day"),
        ('"list_lag": 3', '"list_lag": null', "list_lag is a text, a whole number, true or false"),
        ('"list_lag": 3', '"list_lag": [3]', "list_lag is a text, a whole number, true or false"),
        ('"exportctl"', '"more": 1, "exportctl"', "unknown key more"),
        ('"facts"', '"fact"', "facts is missing, or no object"),
    ],
)
def test_a_mistake_is_named_with_its_line(before: str, after: str, message: str) -> None:
    text = dump_profile(service_profile())
    assert before in text
    with pytest.raises(ConfigError) as caught:
        load(text.replace(before, after, 1))

    assert any(message in finding.message for finding in caught.value.all)
    assert all(finding.at is not None and finding.at.file == "service-profile.json" for finding in caught.value.all)


def test_a_cut_file_is_an_error() -> None:
    with pytest.raises(ConfigError):
        load(dump_profile(service_profile())[:60])


def test_the_file_stands_beside_the_first_config_file() -> None:
    assert default_path(()) == "service-profile.json"
    assert default_path(("conf/a.yaml", "b.yaml")) == "conf/service-profile.json"
