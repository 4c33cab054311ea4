"""
Comments and issues of a repository on GitHub.

Source: docs.github.com, REST API, "issue comments", "issues", "users", "commits"; a comment takes 65,536 characters.

Who wrote a comment: `GET /user` names the person of a token. The token of a job and the token of an app get a 403
there. They write as a bot, and only an administrator installs one, so then each post of a bot counts as our own. A
person who writes a comment with the same marker, such as the author of a fork, is never taken for us.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from exportctl.code_hosts.post import Post, begins_with
from exportctl.code_hosts.session import HostSession, require_label, text_of
from exportctl.errors import Forbidden, NotFound

LABEL = "exportctl"
_BOT = "Bot"


class GitHub:
    """One repository, and one pull request of it if `number` is not empty."""

    name = "GitHub"
    noun = "issue"
    limit = 65_536
    issue_limit = 65_536

    def __init__(self, session: HostSession, repository: str, number: str = ""):
        self._session = session
        self._repository = f"/repos/{repository}"
        self._number = number

    @cached_property
    def _own_id(self) -> str | None:
        """The id of the token's person; None for the token of a job or an app."""
        try:
            return text_of(self._session.get("/user"), "id") or None
        except (Forbidden, NotFound):
            return None

    def list_comments(self, marker: str) -> Iterator[Post]:
        for item in self._session.pages(f"{self._repository}/issues/{self._number}/comments"):
            if begins_with(marker, item.get("body")):
                yield self._post(item, text_of(item, "id"))

    def create_comment(self, marker: str, body: str) -> Post:
        made = self._session.create(f"{self._repository}/issues/{self._number}/comments", {"body": body})
        return _new_post(made, "id")

    def update_comment(self, post: Post, body: str) -> None:
        self._session.set_value("PATCH", f"{self._repository}/issues/comments/{post.parts[0]}", {"body": body})

    def find_pull_request(self, commit: str) -> str | None:
        pulls = self._session.pages(f"{self._repository}/commits/{commit}/pulls")
        return next((text_of(pull, "number") for pull in pulls if pull.get("merged_at")), None)

    def list_issues(self, marker: str) -> Iterator[Post]:
        params = (("state", "all"), ("labels", LABEL), ("sort", "created"), ("direction", "asc"))
        for item in self._session.pages(f"{self._repository}/issues", params):
            if "pull_request" not in item and begins_with(marker, item.get("body")):
                yield self._post(item, text_of(item, "number"))

    def create_issue(self, marker: str, title: str, body: str) -> Post:
        sent = {"title": title, "body": body, "labels": [LABEL]}
        made = self._session.create(f"{self._repository}/issues", sent)
        require_label(self.name, made, LABEL, text_of(made, "number"))
        return _new_post(made, "number")

    def update_issue(self, post: Post, title: str, body: str, *, is_open: bool) -> None:
        state = {"state": "open", "state_reason": "reopened"} if is_open else {"state": "closed"}
        sent = {"title": title, "body": body, **({} if is_open and post.is_open else state)}
        self._session.set_value("PATCH", f"{self._repository}/issues/{post.parts[0]}", sent)

    def explain_issue(self, post: Post, text: str) -> None:
        self._session.create(f"{self._repository}/issues/{post.parts[0]}/comments", {"body": text})

    def _post(self, item: Mapping[str, object], number: str) -> Post:
        own, user = self._own_id, item.get("user")
        is_own = text_of(user, "id") == own if own else text_of(user, "type") == _BOT
        return Post(
            (number,),
            text_of(item, "body"),
            text_of(user, "login"),
            is_own,
            text_of(item, "html_url"),
            text_of(item, "state") != "closed",
        )


def _new_post(made: object, number: str) -> Post:
    return Post((text_of(made, number),), text_of(made, "body"), "", True, text_of(made, "html_url"))
