"""Pipelines for Azure DevOps: plan in each pull request, plan and apply on the main branch, and a nightly run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from exportctl.pipelines import scripts
from exportctl.pipelines.pipeline import Environment, Pipeline, reader_name, writer_name
from exportctl.pipelines.text import comment_lines, fill_template

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
# Plan in each pull request, plan and apply on the main branch. Written by `exportctl init --ci azure`; change it as you
# like. Create a pipeline from this file. In Azure Repos, also add it to the main branch as a build validation policy.
#
# Variable groups (Pipelines, Library), each value secret:
#   @prefix@-reader: of a credential that can only read
@reader_names@
@writer_groups@
# Environments (Pipelines, Environments), each with the check "Exclusive lock", so that one apply runs at a time; those
# that are marked also have the check "Approvals". They name who may start the apply, after reading the plan above it:
@environment_names@
# The build service of the project needs the permission "Contribute to pull requests", to write the comment.
trigger:
  branches: {include: [main]}
pr:
  branches: {include: [main]} # for code at GitHub, where the plan is in the log; Azure Repos uses the policy
lockBehavior: sequential

pool: {vmImage: ubuntu-latest}

stages:
  - stage: plan
    variables:
      - group: @prefix@-reader
    jobs:
      - job: plan
        @matrix@
        steps:
          - checkout: self
          @setup@
          - bash: |
              @validate@
            displayName: Validate
          - bash: |
              @plan@
            displayName: Plan
            env:
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
    condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))
    variables:
      - group: @prefix@-@name@
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
# The variable group @prefix@-nightly holds the credential that writes, and no secret of a destination:
@writer_names@
# The build service of the project needs the permission "Edit work items in this node".
trigger: none
pr: none
schedules:
  - cron: "17 4 * * *" # UTC
    displayName: nightly
    branches: {include: [main]}
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
    stages = [fill_template(_APPLY, **values | _stage(pipeline, one)) for one in pipeline.environments]
    night = {
        "writer": _variable_map(pipeline.credentials, writer_name),
        "writer_names": comment_lines([*map(writer_name, pipeline.credentials), *pipeline.shared_names]),
    }
    return {
        pipeline.path(FILE): fill_template(_HEAD, **values) + "".join(stages),
        pipeline.path(NIGHTLY_FILE): fill_template(_NIGHTLY, **values | night),
    }


def _values(pipeline: Pipeline) -> dict[str, str]:
    several = pipeline.has_environments
    read = pipeline.credentials + pipeline.shared_names
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
        "plan": _variable_check(read) + scripts.in_folder(pipeline, plan),
        "apply": _APPLY_AND_TELL,
        "nightly": _variable_check(pipeline.credentials + pipeline.shared_names)
        + scripts.in_folder(pipeline, scripts.nightly_script(pipeline, issue=True)),
        "matrix": _matrix(pipeline.environments) if several else "",
        "artifact": "plan-$(EXPORTCTL_ENV)" if several else "plan",
        "reader": _variable_map(pipeline.credentials, reader_name),
        "shared": "\n".join(f"{name}: $({name})" for name in pipeline.shared_names),
        "reader_names": comment_lines(f"  {name}" for name in _reader_names(pipeline)),
        "writer_groups": "\n".join(_group_lines(pipeline, one) for one in pipeline.environments),
        "environment_names": comment_lines(_environment_line(pipeline, one) for one in pipeline.environments),
    }


def _stage(pipeline: Pipeline, one: Environment) -> dict[str, str]:
    own = pipeline.for_environment(one)
    return {
        "variable_check": _variable_check(own.credentials + own.secrets + own.shared_names),
        "writer": "\n".join([_variable_map(own.credentials, writer_name), *(f"{s}: $({s})" for s in own.secrets)]),
        "shared": "\n".join(f"{name}: $({name})" for name in own.shared_names),
        "stage": f"apply_{one.label.replace('-', '_')}",  # letters, digits and underscores only
        "name": one.label,
        "environment": f'EXPORTCTL_ENV: "{one.name}"' if one.name else "",
        "artifact": f"plan-{one.name}" if one.name else "plan",
    }


def _matrix(environments: Iterable[Environment]) -> str:
    jobs = [f'    env_{one.label.replace("-", "_")}: {{EXPORTCTL_ENV: "{one.label}"}}' for one in environments]
    return "\n".join(["strategy:", "  matrix:", *jobs])


def _variable_map(names: Iterable[str], variable: Callable[[str], str]) -> str:
    return "\n".join(f"{name}: $({variable(name)})" for name in names)


def _variable_check(names: Iterable[str]) -> str:
    return fill_template(_CHECK, names=" ".join(names))


def _reader_names(pipeline: Pipeline) -> list[str]:
    return [*map(reader_name, pipeline.credentials), *pipeline.shared_names]


def _group_lines(pipeline: Pipeline, one: Environment) -> str:
    own = pipeline.for_environment(one)
    names = [f"  {name}" for name in (*map(writer_name, own.credentials), *own.secrets, *own.shared_names)]
    return (
        f"#   {pipeline.prefix}-{one.label}: of the credential that writes, and the values of the destinations\n"
        + comment_lines(names)
    )


def _environment_line(pipeline: Pipeline, one: Environment) -> str:
    return f"{pipeline.prefix}-{one.label}{', with approvals' if one.needs_approval else ''}"
