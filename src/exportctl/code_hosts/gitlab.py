"""
Notes of a merge request and issues of a project on GitLab.

Source: docs.gitlab.com, "Notes API", "Issues API", "Users API", "Commits API"; a note takes 1,000,000 characters, the
description of an issue 1,048,576. The token of a job (`CI_JOB_TOKEN`) cannot write notes or issues ("CI/CD job token";
assumed for versions with finer rights), so exportctl needs a project access token in GITLAB_TOKEN. `GET /user` names
its user, and only what that user wrote is our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from urllib.parse import quote

from exportctl.code_hosts.post import Post, begins_with
from exportctl.code_hosts.session import HostSession, require_label, text_of

LABEL = "exportctl"


class GitLab:
    """One project by its id or path, and one merge request of it if `number` is not empty."""

    name = "GitLab"
    noun = "issue"
    limit = 1_000_000
    issue_limit = 1_000_000

    def __init__(self, session: HostSession, project: str, number: str = ""):
        self._session = session
        self._project = f"/projects/{quote(project, safe='')}"
        self._number = number

    @cached_property
    def _own_id(self) -> str:
        return text_of(self._session.get("/user"), "id")

    def list_comments(self, marker: str) -> Iterator[Post]:
        params = (("sort", "asc"), ("order_by", "created_at"))
        for item in self._session.pages(f"{self._project}/merge_requests/{self._number}/notes", params):
            if begins_with(marker, item.get("body")):
                yield self._post(item, "id", "body")

    def create_comment(self, marker: str, body: str) -> Post:
        made = self._session.create(f"{self._project}/merge_requests/{self._number}/notes", {"body": body})
        return Post((text_of(made, "id"),), body, "", True)

    def update_comment(self, post: Post, body: str) -> None:
        note = f"{self._project}/merge_requests/{self._number}/notes/{post.parts[0]}"
        self._session.set_value("PUT", note, {"body": body})

    def find_pull_request(self, commit: str) -> str | None:
        requests = self._session.pages(f"{self._project}/repository/commits/{commit}/merge_requests")
        return next((text_of(one, "iid") for one in requests if one.get("state") == "merged"), None)

    def list_issues(self, marker: str) -> Iterator[Post]:
        params = (("labels", LABEL), ("order_by", "created_at"), ("sort", "asc"))
        for item in self._session.pages(f"{self._project}/issues", params):
            if begins_with(marker, item.get("description")):
                yield self._post(item, "iid", "description")

    def create_issue(self, marker: str, title: str, body: str) -> Post:
        sent = {"title": title, "description": body, "labels": LABEL}
        made = self._session.create(f"{self._project}/issues", sent)
        require_label(self.name, made, LABEL, text_of(made, "iid"))
        return Post((text_of(made, "iid"),), body, "", True, text_of(made, "web_url"))

    def update_issue(self, post: Post, title: str, body: str, *, is_open: bool) -> None:
        event = {} if is_open == post.is_open else {"state_event": "reopen" if is_open else "close"}
        sent = {"title": title, "description": body, **event}
        self._session.set_value("PUT", f"{self._project}/issues/{post.parts[0]}", sent)

    def explain_issue(self, post: Post, text: str) -> None:
        self._session.create(f"{self._project}/issues/{post.parts[0]}/notes", {"body": text})

    def _post(self, item: Mapping[str, object], number: str, text: str) -> Post:
        author = item.get("author")
        return Post(
            (text_of(item, number),),
            text_of(item, text),
            text_of(author, "username"),
            text_of(author, "id") == self._own_id,
            text_of(item, "web_url"),
            text_of(item, "state") != "closed",
        )
