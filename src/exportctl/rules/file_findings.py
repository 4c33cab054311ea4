"""
The warnings of the planner about the files of an export, as rows. This module checks nothing.

They are not fixed: a config can make errors of them, or allow them.
"""

from __future__ import annotations

from exportctl.rules.drift_findings import Row

FILE_FINDINGS: tuple[Row, ...] = (
    (
        "location-shared-with-others",
        "A flow of another owner writes to the same location",
        "The files of both are in one folder, so a reader of one gets the files of the other too (ours).",
        "Change the path of one of them.",
    ),
    (
        "protected-export-moves",
        "A protected export whose later files go elsewhere",
        "`protect` blocks what stops the data; a change of location, folder or format does not, but it breaks whoever"
        " reads the files. Files that are already there stay where they are (ours).",
        "Tell the `readers` that the plan names, then apply. With `rules: {protected-export-moves: {level: error}}` the"
        " change needs an entry under `allow` of the export, with a reason.",
    ),
)
