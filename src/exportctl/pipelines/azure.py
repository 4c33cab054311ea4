"""Pipelines for Azure DevOps: plan in each pull request, plan and apply on the main branch, and a nightly run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from exportctl.pipelines import scripts
from exportctl.pipelines.pipeline import Environment, Pipeline, reader_name, writer_name
from exportctl.pipelines.text import comment_lines, fill_template, place_lines, yaml_list

FILE = "azure-pipelines/exportctl.yml"
NIGHTLY_FILE = "azure-pipelines/exportctl-nightly.yml"

_SETUP = """\
- task: UsePythonVersion@0
  inputs: {versionSpec: "3.12"}
- bash: |
    @install@
  displayName: Install
"""

_HEAD = """\
# Plan in each pull request, plan and apply on @branch@. Written by `exportctl init --ci azure`; change it as you like.
# Create a pipeline from this file. In Azure Repos, also add it to @branch@ as a build validation policy.
#
# Variable groups (Pipelines, Library), each value secret. A job gets the groups of its own environment only. Of a
# credential that can only read:
@plan_places@
# Of the credential that writes, and the values of the destinations:
@write_places@
# Environments (Pipelines, Environments), each with the check "Exclusive lock", so that one apply runs at a time; those
# that are marked also have the check "Approvals". They name who may start the apply, after reading the plan above it:
@environment_names@
# The build service of the project needs the permission "Contribute to pull requests", to write the comment.
trigger:
  branches: {include: @branches@}
pr:
  branches: {include: @branches@} # for code at GitHub, where the plan is in the log; Azure Repos uses the policy
lockBehavior: sequential

pool: {vmImage: ubuntu-latest}

stages:
  - stage: plan
    jobs:
"""

_PLAN = """\
      - job: @job@
        displayName: Plan @name@
        variables:
          - group: @group@
        steps:
          - checkout: self
          @setup@
          - bash: |
              @validate@
            displayName: Validate
          - bash: |
              @variable_check@
              @plan@
            displayName: Plan
            env:
              @environment@
              @reader@
              @shared@
              SYSTEM_ACCESSTOKEN: $(System.AccessToken)
          - publish: @below@plan.json
            artifact: @artifact@
"""

_APPLY = """\

  - stage: @stage@
    displayName: Apply @name@
    dependsOn: plan
    condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/@branch@'))
    variables:
      - group: @group@
    jobs:
      - deployment: @stage@
        environment: @prefix@-@name@
        strategy:
          runOnce:
            deploy:
              steps:
                - checkout: self
                @setup@
                - download: current
                  artifact: @artifact@
                - bash: |
                    @variable_check@
                    @enter@
                    cp "$PIPELINE_WORKSPACE/@artifact@/plan.json" plan.json
                    @apply@
                  displayName: Apply the plan
                  env:
                    @environment@
                    @writer@
                    @shared@
                - publish: @below@audit.jsonl
                  artifact: audit-@name@-$(System.JobAttempt)
                  condition: and(always(), eq(variables['exportctl_audit'], 'true'))
"""

_NIGHTLY = """\
# Every night: renew ends that are due, find what people changed by hand, check that files arrived, and keep one work
# item open while something needs attention. Written by `exportctl init --ci azure`; create a pipeline from this file.
#
# The variable group @prefix@-nightly holds the credential that writes, and no secret of a destination. One job reads
# all environments, for one report and one work item: so it has the credential of each:
@writer_names@
# The build service of the project needs the permission "Edit work items in this node". Azure cannot keep this job apart
# from an apply, because it locks environments only: `policy: {lease: true}` in the config does.
trigger: none
pr: none
schedules:
  - cron: "17 4 * * *" # UTC
    displayName: nightly
    branches: {include: @branches@}
    always: "true"
lockBehavior: sequential

pool: {vmImage: ubuntu-latest}

variables:
  - group: @prefix@-nightly

steps:
  - checkout: self
  @setup@
  - bash: |
      @nightly@
    displayName: Nightly
    env:
      @writer@
      @shared@
      SYSTEM_ACCESSTOKEN: $(System.AccessToken)
  - task: PublishTestResults@2
    condition: always()
    inputs: {testResultsFormat: JUnit, testResultsFiles: @below@nightly/nightly.xml, testRunTitle: exportctl nightly}
  - publish: @below@nightly
    artifact: nightly-$(System.JobAttempt)
    condition: always()
"""

# Azure runs bash without -e. It leaves `$(NAME)` as it is where no variable has this name: that is no password.
_CHECK = """\
set -eo pipefail
for name in @names@; do
  if [[ ${!name-} == \\$\\(*\\) ]]; then
    echo "$name is not in the variable group" >&2
    exit 64
  fi
done
"""

# Of a pull request at GitHub, Azure knows a number too, and has no threads.
_IN_AZURE_REPOS = '[ -n "${SYSTEM_PULLREQUEST_PULLREQUESTID:-}" ] && [ "${BUILD_REPOSITORY_PROVIDER:-}" != GitHub ]'

# `publish` fails where there is no file, and an apply without changes writes no audit file.
_APPLY_AND_TELL = f"""\
rm -f audit.jsonl
code=0
{scripts.APPLY} || code=$?
if [ -e audit.jsonl ]; then echo "##vso[task.setvariable variable=exportctl_audit]true"; fi
exit "$code\""""


def render_azure(pipeline: Pipeline) -> Mapping[str, str]:
    """Return both pipelines by path."""
    values = _values(pipeline)
    plans = [fill_template(_PLAN, **values | _plan_job(pipeline, one)) for one in pipeline.environments]
    stages = [fill_template(_APPLY, **values | _stage(pipeline, one)) for one in pipeline.environments]
    night = {
        "writer": _variable_map(pipeline.credentials, writer_name),
        "writer_names": comment_lines([*map(writer_name, pipeline.credentials), *pipeline.shared_names]),
    }
    return {
        pipeline.path(FILE): "".join([fill_template(_HEAD, **values), *plans, *stages]),
        pipeline.path(NIGHTLY_FILE): fill_template(_NIGHTLY, **values | night),
    }


def _values(pipeline: Pipeline) -> dict[str, str]:
    plan = scripts.PLAN_AND_COMMENT.replace(
        scripts.COMMENT,
        f"if {_IN_AZURE_REPOS}; then\n  {scripts.COMMENT}\nelse\n  cat plan.md\nfi",
    )
    return {
        "prefix": pipeline.prefix,
        "below": pipeline.path(""),
        "enter": scripts.in_folder(pipeline, ""),
        "setup": fill_template(_SETUP, install=scripts.install_command(pipeline)),
        "validate": scripts.in_folder(pipeline, scripts.VALIDATE),
        "plan": scripts.in_folder(pipeline, plan),
        "apply": _APPLY_AND_TELL,
        "nightly": _variable_check(pipeline.credentials + pipeline.shared_names)
        + scripts.in_folder(pipeline, scripts.nightly_script(pipeline, issue=True)),
        "branch": pipeline.branch,
        "branches": yaml_list([pipeline.branch]),
        "shared": "\n".join(f"{name}: $({name})" for name in pipeline.shared_names),
        "plan_places": place_lines({pipeline.plan_place(one): _reads(pipeline, one) for one in pipeline.environments}),
        "write_places": place_lines(
            {_apply_group(pipeline, one): _writes(pipeline, one) for one in pipeline.environments}
        ),
        "environment_names": comment_lines(_environment_line(pipeline, one) for one in pipeline.environments),
    }


def _plan_job(pipeline: Pipeline, one: Environment) -> dict[str, str]:
    own = pipeline.for_environment(one)
    return {
        "variable_check": _variable_check(own.credentials + own.shared_names),
        "reader": _variable_map(own.credentials, reader_name),
        "shared": "\n".join(f"{name}: $({name})" for name in own.shared_names),
        "job": f"plan_{_identifier(one)}",
        "name": one.label,
        "group": pipeline.plan_place(one),
        "environment": _environment_variable(one),
        "artifact": _artifact(one),
    }


def _stage(pipeline: Pipeline, one: Environment) -> dict[str, str]:
    own = pipeline.for_environment(one)
    return {
        "variable_check": _variable_check(own.credentials + own.secrets + own.shared_names),
        "writer": "\n".join([_variable_map(own.credentials, writer_name), *(f"{s}: $({s})" for s in own.secrets)]),
        "shared": "\n".join(f"{name}: $({name})" for name in own.shared_names),
        "stage": f"apply_{_identifier(one)}",
        "name": one.label,
        "group": _apply_group(pipeline, one),
        "environment": _environment_variable(one),
        "artifact": _artifact(one),
    }


def _identifier(one: Environment) -> str:
    """Return the name of an environment in the letters, digits and underscores that Azure takes in a job."""
    return one.label.replace("-", "_")


def _environment_variable(one: Environment) -> str:
    return f'EXPORTCTL_ENV: "{one.name}"' if one.name else ""


def _artifact(one: Environment) -> str:
    return f"plan-{one.name}" if one.name else "plan"


def _apply_group(pipeline: Pipeline, one: Environment) -> str:
    return f"{pipeline.prefix}-apply-{one.label}"


def _variable_map(names: Iterable[str], variable: Callable[[str], str]) -> str:
    return "\n".join(f"{name}: $({variable(name)})" for name in names)


def _variable_check(names: Iterable[str]) -> str:
    return fill_template(_CHECK, names=" ".join(names))


def _reads(pipeline: Pipeline, one: Environment) -> list[str]:
    own = pipeline.for_environment(one)
    return [*map(reader_name, own.credentials), *own.shared_names]


def _writes(pipeline: Pipeline, one: Environment) -> list[str]:
    own = pipeline.for_environment(one)
    return [*map(writer_name, own.credentials), *own.secrets, *own.shared_names]


def _environment_line(pipeline: Pipeline, one: Environment) -> str:
    return f"{pipeline.prefix}-{one.label}{', with approvals' if one.needs_approval else ''}"
