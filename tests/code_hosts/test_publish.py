"""One comment and one issue for each marker, on each host, whatever else is there and whatever gets lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from exportctl.client.guard import SecretGuard
from exportctl.clock import Clock
from exportctl.code_hosts.publish import (
    DUPLICATE,
    Publication,
    Published,
    close_issue,
    publish_comment,
    publish_issue,
)
from exportctl.errors import Error
from exportctl.workflows.publish import CiJob, choose_host, open_comments, open_issues
from tests.code_hosts.fake_hosts import COMMIT, TOKEN, FakeAzureDevOps, FakeGitHub, FakeGitLab, PlayedHost
from tests.code_hosts.fake_server import Faults, serve

MARKER = "<!-- exportctl plan project=acme environment=prod -->"
OTHER = "<!-- exportctl plan project=acme environment=dev -->"
FIRST, SECOND = f"{MARKER}\nfirst plan\n", f"{MARKER}\nsecond plan\n"
REASON = "nothing needs attention"


@dataclass
class Publisher:
    """Publishes on a played host; `waited` are the seconds for which it slept, in no time."""

    played: PlayedHost
    address: str
    faults: Faults
    waited: list[float] = field(default_factory=list)

    def job(self, **variables: str) -> CiJob:
        env = {**self.played.env, self.played.address_variable: self.address, **variables}
        return CiJob(env, SecretGuard(), clock=Clock(lambda: 0, lambda: sum(self.waited), self.waited.append))

    def comment(self, body: str, **variables: str) -> Published:
        job = self.job(**variables)
        with open_comments(choose_host(job.env, None), job) as host:
            return publish_comment(host, body.split("\n", 1)[0], body, job.clock)

    def issue(self, body: str, title: str = "Drift") -> Published:
        job = self.job()
        with open_issues(choose_host(job.env, None), job) as host:
            return publish_issue(host, MARKER, title, body, job.clock)

    def close(self, body: str) -> Published:
        job = self.job()
        with open_issues(choose_host(job.env, None), job) as host:
            return close_issue(host, MARKER, "Drift", body, REASON)

    def shown(self) -> list[str]:
        """The comments, without the markers that a host may drop."""
        return [text.removeprefix(f"{MARKER}\n").strip() for text in self.played.comments()]


@pytest.fixture(params=[FakeGitHub, FakeGitLab, FakeAzureDevOps], ids=lambda kind: kind().name)
def on(request: pytest.FixtureRequest) -> Iterator[Publisher]:
    played, faults = request.param(), Faults()
    with serve(played, faults) as address:
        yield Publisher(played, address, faults)


@pytest.fixture
def on_github() -> Iterator[Publisher]:
    played, faults = FakeGitHub(), Faults()
    with serve(played, faults) as address:
        yield Publisher(played, address, faults)


def test_a_comment_is_created_once_and_then_replaced_in_place(on: Publisher) -> None:
    done = [on.comment(FIRST).done, on.comment(SECOND).done]

    assert done == [Publication.CREATED, Publication.UPDATED]
    assert on.shown() == ["second plan"]


def test_each_environment_has_a_comment_of_its_own(on: Publisher) -> None:
    on.comment(FIRST)
    on.comment(f"{OTHER}\nplan of dev\n")
    on.comment(SECOND)

    assert on.shown()[0] == "second plan"
    assert len(on.shown()) == 2


def test_a_comment_beyond_the_first_page_is_found(on: Publisher) -> None:
    for number in range(130):
        on.played.add_comment(f"talk {number}", own=number % 2 == 0)
    on.comment(FIRST)
    on.comment(SECOND)

    assert len(on.shown()) == 131
    assert on.shown()[-1] == "second plan"


def test_a_comment_of_another_author_with_the_marker_is_left_alone_and_named(on: Publisher) -> None:
    on.played.add_comment(f"{MARKER}\nLGTM, nothing changes\n", own=False)
    found = on.comment(FIRST)
    again = on.comment(SECOND)

    assert found.others == again.others == ("mallory",)
    assert on.shown() == ["LGTM, nothing changes", "second plan"]


def test_a_marker_that_is_quoted_further_down_means_nothing(on_github: Publisher) -> None:
    on_github.played.add_comment(f"as it said:\n{MARKER}\n", own=True)
    on_github.comment(FIRST)

    assert len(on_github.shown()) == 2


def test_a_lost_answer_to_a_create_makes_no_second_comment(on: Publisher) -> None:
    on.faults.lost.append("POST")
    found = on.comment(FIRST)

    assert found.done is Publication.CREATED
    assert on.shown() == ["first plan"]
    assert on.faults.methods().count("POST") == 1


def test_a_create_that_failed_without_an_effect_ends_in_an_error_and_is_not_repeated(on: Publisher) -> None:
    on.faults.before.append(("POST", 502, {}))
    with pytest.raises(Error, match="502") as failed:
        on.comment(FIRST)

    assert on.faults.methods().count("POST") == 1
    assert "run the command again" in str(failed.value.hint)
    assert on.comment(FIRST).done is Publication.CREATED
    assert on.shown() == ["first plan"]


def test_a_lost_answer_to_an_update_is_repeated(on: Publisher) -> None:
    on.comment(FIRST)
    on.faults.lost.append("PUT" if on.played.name == "GitLab" else "PATCH")
    on.comment(SECOND)

    assert on.shown() == ["second plan"]


def test_a_busy_host_is_asked_again_within_bounds(on: Publisher) -> None:
    on.faults.before += [("GET", 503, {}), ("GET", 429, {"Retry-After": "7"})]
    on.comment(FIRST)

    assert on.shown() == ["first plan"]
    assert any(seconds >= 7 for seconds in on.waited)


def test_a_host_that_stays_busy_ends_the_command(on: Publisher) -> None:
    on.faults.before += [("GET", 503, {})] * 50
    with pytest.raises(Error, match="503"):
        on.comment(FIRST)

    assert len(on.faults.log) <= 5
    assert on.shown() == []


def test_a_secondary_rate_limit_of_github_is_waited_for(on_github: Publisher) -> None:
    on_github.faults.before.append(("POST", 403, {"Retry-After": "30"}))
    on_github.comment(FIRST)

    assert 30 in on_github.waited
    assert on_github.shown() == ["first plan"]


def test_a_duplicate_of_our_own_is_emptied_and_the_first_comment_is_kept(on: Publisher) -> None:
    on.comment(FIRST)
    on.played.add_comment(FIRST, own=True)
    on.comment(SECOND)

    assert on.shown() == ["second plan", DUPLICATE]


def test_the_token_follows_no_redirect(on: Publisher) -> None:
    elsewhere = Faults()
    with serve(FakeGitHub(), elsewhere) as other:
        on.faults.before.append(("GET", 302, {"Location": f"{other}/steal"}))
        with pytest.raises(Error, match="302"):
            on.comment(FIRST)

    assert elsewhere.log == []


def test_no_error_shows_the_token(on: Publisher) -> None:
    on.faults.before.append(("GET", 401, {}))
    with pytest.raises(Error) as failed:
        on.comment(FIRST)

    assert TOKEN not in f"{failed.value} {failed.value.hint} {failed.value!r}"


def test_a_text_that_is_too_long_is_cut_at_a_line_with_its_folds_closed(on: Publisher) -> None:
    fold = "<details>\n<summary>more</summary>\n\n```\n" + "a line of the plan\n" * 80_000 + "```\n</details>\n"
    found = on.comment(f"{MARKER}\nsummary\n{fold}")
    shown = on.played.comments()[0]

    assert found.is_cut
    assert len(shown) <= on.played.limit
    assert shown.count("<details>") == shown.count("</details>") == 1
    assert shown.count("```") == 2
    assert "Cut here" in shown


def test_an_issue_is_opened_updated_closed_with_a_reason_and_opened_again(on: Publisher) -> None:
    done = [on.issue(FIRST).done, on.issue(SECOND, "Drift again").done]
    open_states = [(state, title) for state, title, _ in on.played.issues()]
    done += [on.close(SECOND).done, on.close(SECOND).done]
    closed = [state for state, _, _ in on.played.issues()]
    done.append(on.issue(FIRST).done)

    assert done == [
        Publication.CREATED,
        Publication.UPDATED,
        Publication.CLOSED,
        Publication.NOTHING_TO_CLOSE,
        Publication.REOPENED,
    ]
    assert open_states == [("open", "Drift again")]
    assert closed == ["closed"]
    assert on.played.remarks() == [REASON]
    assert [state for state, _, _ in on.played.issues()] == ["open"]


def test_a_lost_answer_opens_no_second_issue(on: Publisher) -> None:
    on.faults.before.append(("GET", 503, {}))
    project = on.played.env.get("SYSTEM_TEAMPROJECTID")
    on.faults.lost.append(f"POST /{project}/_apis/wit/workitems/" if project else "POST")
    on.issue(FIRST)

    assert on.faults.lost == []
    assert len(on.played.issues()) == 1


def test_an_issue_of_another_author_with_the_marker_is_neither_edited_nor_closed(on: Publisher) -> None:
    on.issue(FIRST)
    on.played.add_issue(FIRST, own=False)
    found = on.close(SECOND)

    assert found.others == ("mallory",)
    assert [(state, title) for state, title, _ in on.played.issues()] == [("closed", "Drift"), ("open", "planted")]


def test_a_person_is_compared_with_the_owner_of_the_token() -> None:
    played, faults = FakeGitHub(person=True), Faults()
    played.add_comment(FIRST, own=False)
    with serve(played, faults) as address:
        on = Publisher(played, address, faults)
        on.comment(FIRST)
        on.comment(SECOND)

    assert on.shown() == ["first plan", "second plan"]


def test_an_issue_without_its_label_is_an_error_since_the_next_run_could_not_find_it() -> None:
    played, faults = FakeGitHub(drops_labels=True), Faults()
    with serve(played, faults) as address, pytest.raises(Error, match="without the label") as failed:
        Publisher(played, address, faults).issue(FIRST)

    assert "add the label exportctl" in str(failed.value.hint)


def test_a_server_without_markdown_gets_the_work_item_as_plain_text() -> None:
    played, faults = FakeAzureDevOps(has_markdown=False), Faults()
    with serve(played, faults) as address:
        Publisher(played, address, faults).issue(f"{MARKER}\n<b>1 < 2</b>\n")

    assert "<pre>" in played.issues()[0][2]
    assert "&lt;b&gt;1 &lt; 2&lt;/b&gt;" in played.issues()[0][2]


PUSHED = {
    "GitHub": {"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_NAME": "push", "GITHUB_SHA": COMMIT},
    "GitLab": {"CI_MERGE_REQUEST_IID": "", "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_SHA": COMMIT},
    "Azure DevOps": {
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "",
        "BUILD_REASON": "IndividualCI",
        "BUILD_SOURCEVERSION": COMMIT,
    },
}


def test_after_the_merge_the_comment_goes_to_the_pull_request_that_was_merged(on: Publisher) -> None:
    on.comment(FIRST)
    on.comment(SECOND, **PUSHED[on.played.name])

    assert on.shown() == ["second plan"]


def test_a_job_of_a_schedule_has_no_pull_request(on: Publisher) -> None:
    other = {"GITHUB_EVENT_NAME": "schedule", "CI_PIPELINE_SOURCE": "schedule", "BUILD_REASON": "Schedule"}
    scheduled = PUSHED[on.played.name] | {
        name: value for name, value in other.items() if name in PUSHED[on.played.name]
    }
    with pytest.raises(Error, match="no pull request"):
        on.comment(FIRST, **scheduled)

    assert on.faults.log == []


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("GITHUB_API_URL", "http://api.github.example", "not an https address"),
        ("GITHUB_API_URL", "https://user@api.github.com", "not an https address"),
        ("GITHUB_API_URL", "", "is not set"),
        ("GITHUB_REPOSITORY", "acme/../../user", "another form"),
        ("GITHUB_REF", "refs/heads/main", "no pull request"),
        ("GITHUB_TOKEN", "line\nbreak", "no token has"),
        ("GITHUB_TOKEN", "", "GITHUB_TOKEN is not set"),
    ],
)
def test_a_variable_that_no_ci_sets_so_sends_nothing(
    on_github: Publisher, variable: str, value: str, message: str
) -> None:
    with pytest.raises(Error, match=message):
        on_github.comment(FIRST, **{variable: value})

    assert on_github.faults.log == []


def test_a_job_token_of_gitlab_alone_is_refused_before_a_request() -> None:
    played, faults = FakeGitLab(), Faults()
    del played.env["GITLAB_TOKEN"]
    with serve(played, faults) as address, pytest.raises(Error) as failed:
        Publisher(played, address, faults).comment(FIRST, CI_JOB_TOKEN=TOKEN)

    assert "job token" in str(failed.value.hint)
    assert faults.log == []
