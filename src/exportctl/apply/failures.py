"""What a write fails with, beside the errors of the client: each says what remains and what to do. Pure."""

from __future__ import annotations

from exportctl.errors import ServiceError
from exportctl.resources.kinds import Kind

DESCRIPTIONS_NEEDED = (
    "ask Adobe why this sandbox drops or cuts descriptions: exportctl needs them for its ownership markers, and creates"
    " nothing more here"
)


class DescriptionsLost(ServiceError):
    """The service does not keep descriptions, so exportctl cannot write the ownership marker."""


class StillInUse(ServiceError):
    """A flow still uses a connection that the step deletes; the next apply deletes it."""


def release_refused(kind: Kind, error: ServiceError) -> ServiceError:
    """Return the error for a marker that a service keeps, because it changes no object of this kind."""
    return ServiceError(
        f"the service does not let a {kind.label} be changed, so its ownership marker stays",
        status=error.status,
        request_id=error.request_id,
        rule="release-refused",
        hint="if no flow uses it, `do: delete` in `removed` deletes it; else leave it: exportctl does not use it again",
    )
