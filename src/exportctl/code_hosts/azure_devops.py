"""
Threads of a pull request and work items of a project on Azure DevOps.

Source: learn.microsoft.com, REST API 7.1, "pull request threads", "pull request thread comments", "pull request query",
"wiql", "work items", "work item type states"; "A discussion comment cannot be longer than 150000 characters" is its own
error message, a long text field of a work item takes 1 M characters ("Work tracking, process, and project limits").

Azure DevOps can drop HTML comments from texts. So the marker is also a property of the thread, and a tag of the work
item. A thread is created as `closed`: an active one would block the merge where a policy asks that all are resolved.
`GET _apis/connectionData` names the identity of the token, and only what that identity wrote is our own. It has no
released version, so the request names none (assumed).
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from urllib.parse import quote

from exportctl.code_hosts.post import Post, begins_with
from exportctl.code_hosts.session import HostSession, text_of
from exportctl.errors import Error, ServiceError

TAG = "exportctl"
WORK_ITEM = "Task"  # the one type that the processes Basic, Agile, Scrum and CMMI all have
_VERSION = (("api-version", "7.1"),)
_COMMENTS = (("api-version", "7.1-preview.4"),)
_PATCH = "application/json-patch+json"
_PROPERTY = "exportctl.marker"
_FORMAT = "/multilineFieldsFormat/System.Description"
_BATCH = 200  # the most work items of one request
_FIELDS = ("System.Id", "System.State", "System.Description", "System.CreatedBy", "System.Tags")


class AzureDevOps:
    """One project, and one pull request of a repository if `number` is not empty."""

    name = "Azure DevOps"
    noun = "work item"
    limit = 150_000
    issue_limit = 1_000_000

    def __init__(self, session: HostSession, project: str, repository: str = "", number: str = ""):
        self._session = session
        self._project = f"/{quote(project, safe='')}/_apis"
        self._repository = f"{self._project}/git/repositories/{quote(repository, safe='')}"
        self._threads = f"{self._repository}/pullRequests/{number}/threads"

    @cached_property
    def _own_id(self) -> str:
        return text_of(self._session.get("/_apis/connectionData"), "authenticatedUser", "id")

    # -- comments -----------------------------------------------------------------------------------------------------

    def list_comments(self, marker: str) -> Iterator[Post]:
        for thread in _values(self._session.get(self._threads, _VERSION)):
            comments = thread.get("comments")
            first = comments[0] if isinstance(comments, list) and comments else None
            if not isinstance(first, dict) or thread.get("isDeleted") or first.get("isDeleted"):
                continue
            named = text_of(thread.get("properties"), _PROPERTY, "$value") == marker
            if named or begins_with(marker, first.get("content")):
                yield self._comment(thread, first)

    def create_comment(self, marker: str, body: str) -> Post:
        sent = {
            "comments": [{"parentCommentId": 0, "content": body, "commentType": "text"}],
            "status": "closed",
            "properties": {_PROPERTY: {"$type": "System.String", "$value": marker}},
        }
        made = self._session.create(self._threads, sent, _VERSION)
        return Post((text_of(made, "id"), "1"), body, "", True)

    def update_comment(self, post: Post, body: str) -> None:
        thread, comment = post.parts
        self._session.set_value("PATCH", f"{self._threads}/{thread}/comments/{comment}", {"content": body}, _VERSION)

    def find_pull_request(self, commit: str) -> str | None:
        query = {"queries": [{"type": "lastMergeCommit", "items": [commit]}]}
        found = self._session.ask(f"{self._repository}/pullrequestquery", query, _VERSION)
        results = found.get("results") if isinstance(found, dict) else None
        pulls = [pull for result in results or [] if isinstance(result, dict) for pull in result.get(commit) or []]
        return next((text_of(pull, "pullRequestId") for pull in pulls), None)

    def _comment(self, thread: Mapping[str, object], first: Mapping[str, object]) -> Post:
        author = first.get("author")
        parts = (text_of(thread, "id"), text_of(first, "id"))
        is_own = text_of(author, "id") == self._own_id
        return Post(parts, text_of(first, "content"), text_of(author, "displayName"), is_own)

    # -- work items ---------------------------------------------------------------------------------------------------

    def list_issues(self, marker: str) -> Iterator[Post]:
        query = (
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project "
            f"AND [System.Tags] CONTAINS '{_marker_tag(marker)}' ORDER BY [System.Id]"
        )
        found = self._session.ask(f"{self._project}/wit/wiql", {"query": query}, _VERSION)
        listed = found.get("workItems") if isinstance(found, dict) else None
        ids = [item["id"] for item in listed or [] if isinstance(item, dict) and "id" in item]
        for start in range(0, len(ids), _BATCH):
            asked = {"ids": ids[start : start + _BATCH], "fields": list(_FIELDS)}
            batch = self._session.ask(f"{self._project}/wit/workitemsbatch", asked, _VERSION)
            yield from (self._work_item(item) for item in _values(batch))

    def create_issue(self, marker: str, title: str, body: str) -> Post:
        tags = f"{TAG}; {_marker_tag(marker)}"
        fields = {"System.Title": title, "System.Description": body, "System.Tags": tags}
        made = self._write_item("POST", f"{self._project}/wit/workitems/${WORK_ITEM}", fields)
        return Post((text_of(made, "id"),), body, "", True, text_of(made, "_links", "html", "href"))

    def update_issue(self, post: Post, title: str, body: str, *, is_open: bool) -> None:
        fields = {"System.Title": title, "System.Description": body}
        if is_open != post.is_open:
            fields["System.State"] = self._state("Proposed" if is_open else "Completed")
        self._write_item("PATCH", f"{self._project}/wit/workitems/{post.parts[0]}", fields)

    def explain_issue(self, post: Post, text: str) -> None:
        self._session.create(f"{self._project}/wit/workItems/{post.parts[0]}/comments", {"text": text}, _COMMENTS)

    def _write_item(self, method: str, path: str, fields: Mapping[str, str]) -> object:
        """Write fields with the description as Markdown, or as plain text where the server has no Markdown."""
        try:
            return self._send_item(method, path, [*_assignments(fields), _assignment(_FORMAT, "Markdown")])
        except ServiceError as error:
            if error.status != 400:
                raise
        plain = f"<pre>{html.escape(fields['System.Description'])}</pre>"
        return self._send_item(method, path, _assignments({**fields, "System.Description": plain}))

    def _send_item(self, method: str, path: str, operations: Sequence[Mapping[str, str]]) -> object:
        if method == "POST":
            return self._session.create(path, operations, _VERSION, _PATCH)
        return self._session.set_value(method, path, operations, _VERSION, _PATCH)

    def _work_item(self, item: Mapping[str, object]) -> Post:
        fields = item.get("fields")
        author, state = text_of(fields, "System.CreatedBy", "displayName"), text_of(fields, "System.State")
        is_own = text_of(fields, "System.CreatedBy", "id") == self._own_id
        is_open = self._categories.get(state) not in ("Completed", "Removed")
        return Post((text_of(item, "id"),), text_of(fields, "System.Description"), author, is_own, is_open=is_open)

    @cached_property
    def _categories(self) -> Mapping[str, str]:
        """The category of each state of the type, in the order of its workflow."""
        states = self._session.get(f"{self._project}/wit/workitemtypes/{WORK_ITEM}/states", _VERSION)
        return {text_of(state, "name"): text_of(state, "category") for state in _values(states)}

    def _state(self, category: str) -> str:
        """Return the first state of a category, or raise an Error: the process of this project has none."""
        for name, found in self._categories.items():
            if found == category:
                return name
        raise Error(f"the type {WORK_ITEM} of this project has no state {category}", rule="code-host")


def _marker_tag(marker: str) -> str:
    """Return a tag for a marker: a tag may hold no comma and no semicolon."""
    return f"{TAG}-{hashlib.sha256(marker.encode('utf-8')).hexdigest()[:16]}"


def _assignments(fields: Mapping[str, str]) -> list[Mapping[str, str]]:
    return [_assignment(f"/fields/{name}", value) for name, value in fields.items()]


def _assignment(member: str, value: str) -> Mapping[str, str]:
    """Return the operation of JSON Patch that sets a member, whether it exists or not."""
    return {"op": "add", "path": member, "value": value}


def _values(answer: object) -> Iterator[Mapping[str, object]]:
    found = answer.get("value") if isinstance(answer, dict) else None
    return (item for item in found or [] if isinstance(item, dict))
