"""All questions of a probe, by group, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.probe import flows, specs, targets
from exportctl.probe.question_group import QuestionGroup
from exportctl.profile.answers import ProbeQuestion

GROUPS: tuple[QuestionGroup, ...] = (specs.GROUP, targets.GROUP, flows.GROUP, specs.TOKEN_GROUP)
QUESTIONS: Mapping[str, ProbeQuestion] = {one.name: one for group in GROUPS for one in group.questions}
