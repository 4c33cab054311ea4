"""
GitHub, GitLab and Azure DevOps as their documentation describes them, as far as `publish` uses them.

    GitHub         docs.github.com/en/rest: issues/comments, issues/issues, users/users ("Get the authenticated user");
                   422 "Body is too long (maximum is 65536 characters)"; 403 "Resource not accessible by integration"
                   for `GET /user` with the token of a job
    GitLab         docs.gitlab.com/api: notes, issues, users; header PRIVATE-TOKEN; 400 {"message": …}
    Azure DevOps   learn.microsoft.com/rest/api/azure/devops: git/pull-request-threads,
                   git/pull-request-thread-comments, wit/wiql, wit/work-items, wit/work-item-type-states; JSON Patch
                   for work items; HTML comments are dropped from texts, which is the worst that users report
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.code_hosts.fake_server import Answer, Asked

TOKEN = "canary-token-0123456789abcdef"
OWN, STRANGER = 41, 99
COMMIT = "0123456789abcdef0123456789abcdef01234567"  # which the merge of pull request 7 pushed
NOT_FOUND: Answer = (404, {"message": "Not Found"})


class PlayedHost(Protocol):
    """What the tests of all hosts use."""

    name: str
    env: dict[str, str]
    address_variable: str
    limit: int

    def answer(self, asked: Asked) -> Answer: ...

    def comments(self) -> list[str]: ...

    def add_comment(self, body: str, *, own: bool) -> None: ...

    def issues(self) -> list[tuple[str, str, str]]: ...

    def add_issue(self, body: str, *, own: bool) -> None: ...

    def remarks(self) -> list[str]: ...


@dataclass
class FakeGitHub:
    """`person`: the token is of a person, not of a job. `drops_labels`: it has no right to set them."""

    person: bool = False
    drops_labels: bool = False
    name: str = "GitHub"
    address_variable: str = "GITHUB_API_URL"
    limit: int = 65_536
    items: list[dict[str, Any]] = field(default_factory=list)  # comments of pull request 7
    tickets: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    env: dict[str, str] = field(
        default_factory=lambda: {
            "GITHUB_ACTIONS": "true",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": "acme/aep-exports",
            "GITHUB_REF": "refs/pull/7/merge",
        }
    )

    def comments(self) -> list[str]:
        return [item["body"] for item in self.items]

    def add_comment(self, body: str, *, own: bool) -> None:
        number = len(self.items) + 1000
        address = f"https://github.com/acme/aep-exports/pull/7#issuecomment-{number}"
        self.items.append({"id": number, "body": body, "user": self._user(own), "html_url": address})

    def issues(self) -> list[tuple[str, str, str]]:
        return [(ticket["state"], ticket["title"], ticket["body"]) for ticket in self.tickets]

    def add_issue(self, body: str, *, own: bool) -> None:
        self._open_issue({"title": "planted", "body": body, "labels": ["exportctl"]}, own)

    def remarks(self) -> list[str]:
        return self.said

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}
        if asked.path == "/user":
            return (
                (200, self._user(True)) if self.person else (403, {"message": "Resource not accessible by integration"})
            )
        if asked.path == f"/repos/acme/aep-exports/commits/{COMMIT}/pulls":
            return 200, [{"number": 9, "merged_at": None}, {"number": 7, "merged_at": "2026-11-30T04:17:00Z"}]
        path = asked.path.removeprefix("/repos/acme/aep-exports/issues")
        if len(str((asked.body or {}).get("body", ""))) > self.limit:
            return 422, {"message": "Validation Failed: Body is too long (maximum is 65536 characters)"}
        match asked.method, path.strip("/").split("/"):
            case "GET", ["7", "comments"]:
                return 200, _page(self.items, asked)
            case "POST", ["7", "comments"]:
                self.add_comment(asked.body["body"], own=True)
                return 201, self.items[-1]
            case "PATCH", ["comments", number]:
                return self._change(self.items, "id", number, asked.body)
            case "GET", [""]:
                return 200, _page([t for t in self.tickets if {"name": asked.query["labels"]} in t["labels"]], asked)
            case "POST", [""]:
                return 201, self._open_issue(asked.body, True)
            case "POST", [number, "comments"] if int(number) >= 500:
                self.said.append(asked.body["body"])
                return 201, {"id": 1}
            case "PATCH", [number]:
                return self._change(self.tickets, "number", number, asked.body)
        return NOT_FOUND

    def _open_issue(self, body: dict[str, Any], own: bool) -> dict[str, Any]:
        made = {"number": 500 + len(self.tickets), "state": "open", "user": self._user(own)}
        made["labels"] = [{"name": name} for name in body["labels"] if not self.drops_labels]
        made |= {
            "title": body["title"],
            "body": body["body"],
            "html_url": "https://github.com/acme/aep-exports/issues/500",
        }
        self.tickets.append(made)
        return made

    def _change(self, items: list[dict[str, Any]], key: str, number: str, body: dict[str, Any]) -> Answer:
        for item in items:
            if str(item[key]) == number:
                item.update({name: value for name, value in body.items() if name in item})
                return 200, item
        return NOT_FOUND

    def _user(self, own: bool) -> dict[str, Any]:
        if not own:
            return {"id": STRANGER, "login": "mallory", "type": "User"}
        return {"id": OWN, "login": "pat", "type": "User"} if self.person else _BOT


_BOT = {"id": 41898282, "login": "github-actions[bot]", "type": "Bot"}


@dataclass
class FakeGitLab:
    name: str = "GitLab"
    address_variable: str = "CI_API_V4_URL"
    limit: int = 1_000_000
    items: list[dict[str, Any]] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    env: dict[str, str] = field(
        default_factory=lambda: {
            "GITLAB_CI": "true",
            "GITLAB_TOKEN": TOKEN,
            "CI_PROJECT_ID": "33",
            "CI_MERGE_REQUEST_IID": "7",
        }
    )

    def comments(self) -> list[str]:
        return [item["body"] for item in self.items]

    def add_comment(self, body: str, *, own: bool) -> None:
        self.items.append({"id": len(self.items) + 1000, "body": body, "author": _gitlab_user(own), "system": False})

    def issues(self) -> list[tuple[str, str, str]]:
        states = {"opened": "open", "closed": "closed"}
        return [(states[ticket["state"]], ticket["title"], ticket["description"]) for ticket in self.tickets]

    def add_issue(self, body: str, *, own: bool) -> None:
        self._open_issue({"title": "planted", "description": body, "labels": "exportctl"}, own)

    def remarks(self) -> list[str]:
        return self.said

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("private-token") != TOKEN:
            return 401, {"message": "401 Unauthorized"}
        if asked.path == "/user":
            return 200, _gitlab_user(True)
        if len(str((asked.body or {}).get("body", ""))) > self.limit:
            return 400, {"message": {"note": ["is too long (maximum is 1000000 characters)"]}}
        match asked.method, asked.path.removeprefix("/projects/33/").split("/"):
            case "GET", ["repository", "commits", commit, "merge_requests"] if commit == COMMIT:
                return 200, [{"iid": 9, "state": "closed"}, {"iid": 7, "state": "merged"}]
            case "GET", ["merge_requests", "7", "notes"]:
                return 200, _page(self.items, asked)
            case "POST", ["merge_requests", "7", "notes"]:
                self.add_comment(asked.body["body"], own=True)
                return 201, self.items[-1]
            case "PUT", ["merge_requests", "7", "notes", number]:
                self._find(self.items, "id", number)["body"] = asked.body["body"]
                return 200, {}
            case "GET", ["issues"]:
                return 200, _page([t for t in self.tickets if asked.query["labels"] in t["labels"]], asked)
            case "POST", ["issues"]:
                return 201, self._open_issue(asked.body, True)
            case "PUT", ["issues", number]:
                return 200, self._edit(self._find(self.tickets, "iid", number), dict(asked.body))
            case "POST", ["issues", _, "notes"]:
                self.said.append(asked.body["body"])
                return 201, {"id": 1}
        return NOT_FOUND

    def _open_issue(self, body: dict[str, Any], own: bool) -> dict[str, Any]:
        made = {
            "iid": len(self.tickets) + 1,
            "state": "opened",
            "author": _gitlab_user(own),
            "labels": [body["labels"]],
        }
        made |= {"title": body["title"], "description": body["description"]}
        self.tickets.append({**made, "web_url": "https://gitlab.example/acme/aep-exports/-/issues/1"})
        return self.tickets[-1]

    def _edit(self, ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        event = body.pop("state_event", None)
        ticket.update(body)
        if event:
            ticket["state"] = {"close": "closed", "reopen": "opened"}[event]
        return ticket

    def _find(self, items: list[dict[str, Any]], key: str, number: str) -> dict[str, Any]:
        return next(item for item in items if str(item[key]) == number)


def _gitlab_user(own: bool) -> dict[str, Any]:
    return {"id": OWN, "username": "project_33_bot"} if own else {"id": STRANGER, "username": "mallory"}


@dataclass
class FakeAzureDevOps:
    """`has_markdown`: work items take `multilineFieldsFormat`, which an older server refuses with 400."""

    has_markdown: bool = True
    name: str = "Azure DevOps"
    address_variable: str = "SYSTEM_COLLECTIONURI"
    limit: int = 150_000
    threads: list[dict[str, Any]] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    env: dict[str, str] = field(
        default_factory=lambda: {
            "TF_BUILD": "True",
            "SYSTEM_ACCESSTOKEN": TOKEN,
            "SYSTEM_TEAMPROJECTID": "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c",
            "BUILD_REPOSITORY_ID": "3411ebc1-d5aa-464f-9615-0b527bc66719",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
        }
    )

    def comments(self) -> list[str]:
        return [thread["comments"][0]["content"] for thread in self.threads]

    def add_comment(self, body: str, *, own: bool) -> None:
        properties = {"exportctl.marker": {"$type": "System.String", "$value": body.split("\n", 1)[0]}}
        self._open_thread({"comments": [{"content": body}], "status": "active", "properties": properties}, own)

    def issues(self) -> list[tuple[str, str, str]]:
        states = {"To Do": "open", "Doing": "open", "Done": "closed"}
        fields = [ticket["fields"] for ticket in self.tickets]
        return [(states[f["System.State"]], f["System.Title"], f["System.Description"]) for f in fields]

    def add_issue(self, body: str, *, own: bool) -> None:
        tags = next((t["fields"]["System.Tags"] for t in self.tickets), "exportctl")
        self._open_item({"System.Title": "planted", "System.Description": body, "System.Tags": tags}, own)

    def remarks(self) -> list[str]:
        return self.said

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "TF400813: the user is not authorized to access this resource."}
        if asked.path == "/_apis/connectionData":
            return 200, {"authenticatedUser": _azure_user(True)}
        if "api-version" not in asked.query:
            return 400, {"message": "No api-version was supplied for the request."}
        project, _, path = asked.path.removeprefix("/").partition("/_apis/")
        if project != self.env["SYSTEM_TEAMPROJECTID"]:
            return NOT_FOUND
        repository = f"git/repositories/{self.env['BUILD_REPOSITORY_ID']}"
        if path == f"{repository}/pullrequestquery":
            return 200, {"results": [{COMMIT: [{"pullRequestId": 7}]}]}
        pulls = f"{repository}/pullRequests/7/"
        return (
            self._thread_answer(asked, path.removeprefix(pulls)) if path.startswith(pulls) else self._item(asked, path)
        )

    def _thread_answer(self, asked: Asked, path: str) -> Answer:
        match asked.method, path.split("/"):
            case "GET", ["threads"]:
                return 200, {"value": self.threads, "count": len(self.threads)}
            case "POST", ["threads"]:
                if len(asked.body["comments"][0]["content"]) > self.limit:
                    return 400, {"message": "A discussion comment cannot be longer than 150000 characters."}
                return 200, self._open_thread(asked.body, True)
            case "PATCH", ["threads", number, "comments", "1"]:
                self.threads[int(number) - 1]["comments"][0]["content"] = _drop_html_comments(asked.body["content"])
                return 200, {}
        return NOT_FOUND

    def _open_thread(self, body: dict[str, Any], own: bool) -> dict[str, Any]:
        comment = {"id": 1, "content": _drop_html_comments(body["comments"][0]["content"]), "author": _azure_user(own)}
        made = {"id": len(self.threads) + 1, "comments": [comment], "status": body["status"], "isDeleted": False}
        self.threads.append({**made, "properties": body.get("properties", {})})
        return self.threads[-1]

    def _item(self, asked: Asked, path: str) -> Answer:
        match asked.method, path.split("/"):
            case "GET", ["wit", "workitemtypes", "Task", "states"]:
                return 200, {"value": [_STATES[0], _STATES[1], _STATES[2]]}
            case "POST", ["wit", "wiql"]:
                tag = re.search(r"CONTAINS '([^']+)'", asked.body["query"])
                assert tag is not None
                found = [t for t in self.tickets if tag[1] in t["fields"]["System.Tags"].split("; ")]
                return 200, {"workItems": [{"id": t["id"]} for t in found]}
            case "POST", ["wit", "workitemsbatch"]:
                return 200, {"value": [t for t in self.tickets if t["id"] in asked.body["ids"]]}
            case "POST", ["wit", "workItems", _, "comments"]:
                self.said.append(asked.body["text"])
                return 200, {"id": 1}
            case (("POST" | "PATCH"), ["wit", "workitems", name]):
                return self._write_item(asked, name)
        return NOT_FOUND

    def _write_item(self, asked: Asked, name: str) -> Answer:
        if asked.headers["content-type"] != "application/json-patch+json":
            return 415, {"message": "the media type is not supported"}
        if not self.has_markdown and any("multilineFieldsFormat" in o["path"] for o in asked.body):
            return 400, {"message": "multilineFieldsFormat is not a path of this version"}
        fields = {
            o["path"].removeprefix("/fields/"): o["value"] for o in asked.body if o["path"].startswith("/fields/")
        }
        if name == "$Task":
            return 200, self._open_item(fields, True)
        ticket = self.tickets[int(name) - 1]
        fields["System.Description"] = _drop_html_comments(fields["System.Description"])
        ticket["fields"].update(fields)
        return 200, ticket

    def _open_item(self, fields: dict[str, str], own: bool) -> dict[str, Any]:
        kept = {**fields, "System.State": "To Do", "System.CreatedBy": _azure_user(own)}
        kept["System.Description"] = _drop_html_comments(fields["System.Description"])
        links = {"html": {"href": "https://dev.azure.com/acme/exports/_workitems/edit/1"}}
        self.tickets.append({"id": len(self.tickets) + 1, "fields": kept, "_links": links})
        return self.tickets[-1]


_STATES = (
    {"name": "To Do", "category": "Proposed"},
    {"name": "Doing", "category": "InProgress"},
    {"name": "Done", "category": "Completed"},
)


def _azure_user(own: bool) -> dict[str, str]:
    return {"id": f"guid-{OWN if own else STRANGER}", "displayName": "acme Build Service" if own else "mallory"}


def _drop_html_comments(text: str) -> str:
    return re.sub(r"<!--.*?-->\n?", "", text)


def _page(items: Iterable[Any], asked: Asked) -> list[Any]:
    """One page of a list: at most 100 items, as both hosts limit it."""
    size, number = min(100, int(asked.query.get("per_page", 30))), int(asked.query.get("page", 1))
    return list(items)[size * (number - 1) : size * number]
