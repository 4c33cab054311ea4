"""All questions of a probe, by group, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.probe import exports, flows, formats, late_rows, specs, targets
from exportctl.probe.question_group import QuestionGroup
from exportctl.profile.answers import ProbeQuestion

GROUPS: tuple[QuestionGroup, ...] = (specs.GROUP, targets.GROUP, flows.GROUP, formats.GROUP, specs.LIST_GROUP)
GROUPS_WITH_EXPORT = (*GROUPS, exports.GROUP)
EVERY_GROUP = (*GROUPS_WITH_EXPORT, late_rows.GROUP)
QUESTIONS: Mapping[str, ProbeQuestion] = {one.name: one for group in EVERY_GROUP for one in group.questions}
