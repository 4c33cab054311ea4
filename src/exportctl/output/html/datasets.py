"""The section of datasets: which dataset goes where, and by which export."""

from __future__ import annotations

from exportctl.model.schedule import format_count
from exportctl.monitor.report import SandboxReport
from exportctl.output.html.element import Element, element
from exportctl.output.html.parts import (
    PageColumn,
    SectionContext,
    cell,
    data_table,
    note,
    plain_name,
    row_head,
    section,
)

_COLUMNS = (PageColumn("Dataset"), PageColumn("Destination"), PageColumn("Location"), PageColumn("Export"))


def datasets_section(context: SectionContext, report: SandboxReport) -> Element:
    """Return the map from each dataset to its destinations."""
    datasets = len({one.dataset_id or one.dataset for one in report.routes})
    accounts = len({one.destination for one in report.routes})
    caption = f"{format_count(datasets, 'dataset')} to {format_count(accounts, 'destination')}"
    rows = (
        element(
            "tr",
            row_head(one.dataset, element("div", one.dataset_id, class_="note") if one.dataset_id else None),
            cell(element("span", "→ ", aria_hidden="true"), element("code", one.destination)),
            cell(element("code", one.location), element("div", one.type, class_="note")),
            cell(
                plain_name(one.export),
                None if one.is_applied else element("div", "not applied", class_="note"),
            ),
        )
        for one in report.routes
    )
    unused = report.unused_datasets
    return section(
        context,
        "datasets",
        "Datasets and destinations",
        data_table(caption, _COLUMNS, rows, name="datasets") if report.routes else note("No dataset is exported."),
        note(f"{format_count(unused, 'dataset')} could be exported, and no flow exports them.") if unused else None,
    )
