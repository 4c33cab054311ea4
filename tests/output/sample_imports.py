"""Imports as the views get them."""

from __future__ import annotations

from exportctl.importing.result import AdoptedFlow, ImportResult, LeftOutFlow, LeftOutReason, Selection
from exportctl.model.plan import Address, Plan, PlanHeader, PlanItem, Verb

AS_OF = 1_800_000_000
HEADER = PlanHeader("0123456789ABCDEF01234567@AdobeOrg", "demo", None, "acme", "service")
ORDERS = AdoptedFlow(Address("exports", "orders"), "f-1", "Orders")
MORE_ADOPTED = AdoptedFlow(
    Address("exports", "web"), "f-5", "Web", ("labels", "target params.csvOptions", "'x\x1b[31m'")
)
LEFT_OUT_FLOWS = (
    LeftOutFlow("f-2", "Audience", LeftOutReason.AUDIENCE, "exports audiences, no datasets"),
    LeftOutFlow("f-3", "", LeftOutReason.NOT_EXPRESSIBLE, "has no name"),
    LeftOutFlow("f-4", "rich\x1b[31m [eu]", LeftOutReason.ENCRYPTED, "encrypts its files"),
)


def import_result(
    *exports: AdoptedFlow, left: tuple[LeftOutFlow, ...] = LEFT_OUT_FLOWS, ids: tuple[str, ...] = ()
) -> ImportResult:
    plan = Plan(HEADER, AS_OF, tuple(PlanItem(one.address, Verb.ADOPT, one.id) for one in exports))
    return ImportResult(HEADER, AS_OF, "exports: {}\n" if exports else "", exports, left, Selection(ids), plan)
