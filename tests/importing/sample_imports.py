"""Imports as the views get them."""

from __future__ import annotations

from exportctl.importing.report import Adopted, Imported, LeftOut, Reason, Selection
from exportctl.model import Address, Header

HEADER = Header("0123456789ABCDEF01234567@AdobeOrg", "demo", None, "acme", "service")
ORDERS = Adopted(Address("exports", "orders"), "f-1", "Orders")
MORE = Adopted(Address("exports", "web"), "f-5", "Web", ("labels", "target params.csvOptions", "'x\x1b[31m'"))
LEFT = (
    LeftOut("f-2", "Audience", Reason.AUDIENCE, "exports audiences, no datasets"),
    LeftOut("f-3", "", Reason.NOT_EXPRESSIBLE, "has no name"),
    LeftOut("f-4", "rich\x1b[31m [eu]", Reason.ENCRYPTED, "encrypts its files"),
)


def made(*exports: Adopted, left: tuple[LeftOut, ...] = LEFT, ids: tuple[str, ...] = ()) -> Imported:
    return Imported(HEADER, 1_800_000_000, "exports: {}\n" if exports else "", exports, left, Selection(ids))
