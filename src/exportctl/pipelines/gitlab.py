"""Jobs for GitLab CI: a plan in each merge request, plan and apply on the default branch, and a nightly schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exportctl.pipelines import scripts
from exportctl.pipelines.pipeline import Environment, Pipeline, reader_name, writer_name
from exportctl.pipelines.text import comment_lines, fill_template, place_lines, yaml_list

FILE = "exportctl.gitlab-ci.yml"

_HEAD = """\
# Plan in each merge request, plan and apply on the default branch, and a nightly run. Written by
# `exportctl init --ci gitlab`; change it as you like. Include it from .gitlab-ci.yml:
#
#   include: [{local: @below@exportctl.gitlab-ci.yml}]
#
# The jobs use the stages `test` and `deploy`, which exist unless your file has its own `stages`.
#
# CI/CD variables (Settings, CI/CD, Variables), all masked. GitLab gives a job those with the scope of its environment,
# and those with the scope `*`. Of a credential that can only read, by scope, not protected: merge requests use it.
@plan_places@
# Of the credential that writes, and the values of the destinations: protected, so that only protected branches get
# them, by scope. The nightly run reads all environments in one job, so it has the credential of each.
@write_places@
#   *:
#     GITLAB_TOKEN   a project access token with the scope `api`, which writes the comment and the issue
@shared_names@
# A merge request from a fork runs in the project of the fork, which has none of these variables.

.@prefix@:
  image: python:3.12 # pin it by digest
  before_script:
    - |
      @install@

@prefix@-validate:
  extends: .@prefix@
  stage: test
  script:
    - |
      @validate@
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"

# In a merge request the plan becomes its comment. On the default branch the same job makes the plan that is applied.
@prefix@-plan:
  extends: .@prefix@
  stage: test
  @matrix@
  environment: {name: @prefix@-plan-@shown@, action: access} # its variables; nothing is deployed
  variables:
    @reader@
  script:
    - |
      @plan@
  artifacts:
    when: always
    paths: [@below@@plan_file@, @below@@plan_report@]
    expire_in: 7 days
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_PIPELINE_SOURCE != "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
"""

_APPLY = """\

# @about@
@prefix@-@job@:
  extends: .@prefix@
  stage: deploy
  @matrix@
  environment: {name: @shown@}
  resource_group: @prefix@-writes # one job that writes at a time
  variables:
    @writer@
  script:
    - |
      @apply@
  artifacts:
    when: always
    paths: [@below@audit.jsonl]
  rules:
    - if: $CI_PIPELINE_SOURCE != "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      @when@
"""

_NIGHTLY = """\

# Add a schedule (Build, Pipeline schedules), for example `17 4 * * *` on the default branch. It renews ends that are
# due, finds what people changed by hand, checks that files arrived, and keeps one issue open while something needs
# attention.
@prefix@-nightly:
  extends: .@prefix@
  stage: deploy
  environment: {name: @prefix@-nightly, action: access} # its variables; nothing is deployed
  resource_group: @prefix@-writes
  variables:
    @night_writer@
  script:
    - |
      @nightly@
  artifacts:
    when: always
    paths: [@below@nightly/]
    reports: {junit: @below@nightly/nightly.xml}
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
"""


def render_gitlab(pipeline: Pipeline) -> Mapping[str, str]:
    """Return the file to include, by path."""
    values = _values(pipeline)
    jobs = [
        _apply_job(pipeline, values, "apply", pipeline.direct_environments, "Apply the plan of the same pipeline.", ""),
        _apply_job(pipeline, values, "apply-reviewed", pipeline.reviewed_environments, _REVIEWED, "when: manual"),
    ]
    return {pipeline.path(FILE): "".join([fill_template(_HEAD, **values), *jobs, fill_template(_NIGHTLY, **values)])}


_REVIEWED = (
    "A person reads the plan of this pipeline and starts the job; until then the pipeline is `blocked`.\n"
    "# Protect the environment (Settings, CI/CD) to say who."
)


def _values(pipeline: Pipeline) -> dict[str, str]:
    several = pipeline.has_environments
    name = "plan-$EXPORTCTL_ENV" if several else "plan"
    credentials = pipeline.credentials
    return {
        "prefix": pipeline.prefix,
        "below": pipeline.path(""),
        "install": scripts.install_command(pipeline),
        "validate": scripts.in_folder(pipeline, scripts.VALIDATE),
        "plan": scripts.in_folder(pipeline, _plan(pipeline)),
        "plan_file": f"{name}.json",
        "plan_report": f"{name}.md",
        "apply": scripts.in_folder(pipeline, _apply(pipeline)),
        "nightly": scripts.in_folder(pipeline, scripts.nightly_script(pipeline, issue=True)),
        "matrix": _matrix(pipeline.environments) if several else "",
        "shown": "$EXPORTCTL_ENV" if several else pipeline.environments[0].label,
        "reader": "\n".join(f"{one}: ${reader_name(one)}" for one in credentials),
        "writer": "\n".join(f"{one}: ${writer_name(one)}" for one in credentials),
        "night_writer": "\n".join(f"{one}: ${writer_name(one)}" for one in credentials),
        "plan_places": place_lines(_plan_places(pipeline)),
        "write_places": place_lines(_write_places(pipeline)),
        "shared_names": comment_lines([f"  {name}" for name in pipeline.shared_names]),
    }


def _plan_places(pipeline: Pipeline) -> dict[str, list[str]]:
    return {
        pipeline.plan_place(one): [*map(reader_name, pipeline.for_environment(one).credentials)]
        for one in pipeline.environments
    }


def _write_places(pipeline: Pipeline) -> dict[str, list[str]]:
    found = {}
    for one in pipeline.environments:
        own = pipeline.for_environment(one)
        found[one.label] = [*map(writer_name, own.credentials), *own.secrets]
    return {**found, pipeline.nightly_place: [*map(writer_name, pipeline.credentials)]}


def _plan(pipeline: Pipeline) -> str:
    """Return the plan's text; all artifacts come to one folder, so a file carries the name of its environment."""
    text = scripts.PLAN_AND_COMMENT
    comment = f'if [ -n "${{CI_MERGE_REQUEST_IID:-}}" ]; then\n  {scripts.COMMENT}\nelse\n  cat plan.md\nfi'
    text = text.replace(scripts.COMMENT, comment)
    if not pipeline.has_environments:
        return text
    rename = """\
for file in plan.json plan.md; do
  if [ -e "$file" ]; then cp "$file" "plan-$EXPORTCTL_ENV.${file##*.}"; fi
done"""
    return text.replace(scripts.PASS_OR_FAIL, f"{rename}\n{scripts.PASS_OR_FAIL}")


def _apply(pipeline: Pipeline) -> str:
    if not pipeline.has_environments:
        return scripts.APPLY
    return f'cp "plan-$EXPORTCTL_ENV.json" plan.json\n{scripts.APPLY}'


def _matrix(environments: Sequence[Environment]) -> str:
    return f"parallel:\n  matrix:\n    - EXPORTCTL_ENV: {yaml_list(one.label for one in environments)}"


def _apply_job(
    pipeline: Pipeline, values: dict[str, str], job: str, environments: Sequence[Environment], about: str, when: str
) -> str:
    if not environments:
        return ""
    matrix = _matrix(environments) if pipeline.has_environments else ""
    return fill_template(_APPLY, **values | {"job": job, "matrix": matrix, "about": about, "when": when})
