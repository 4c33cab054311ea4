"""Workflows for GitHub Actions: a plan in each pull request, its apply after the merge, and a nightly run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from exportctl.pipelines import scripts
from exportctl.pipelines.pipeline import Pipeline, reader_name, writer_name
from exportctl.pipelines.text import comment_lines, fill_template, place_lines, yaml_list

FOLDER = ".github/workflows"

_SETUP = """\
- uses: actions/setup-python@v5
  with: {python-version: "3.12"}
- name: Install
  run: |
    @install@
"""

_PLAN = """\
# Show in each pull request what its merge would change. Written by `exportctl init --ci github`; change it as you like.
#
# The plan is a comment on the pull request, and an artifact that @prefix@-apply.yml applies after the merge. It reads
# the sandbox and needs no secret of a destination. Secrets of a credential that can only read: give each environment of
# the repository its own, and GitHub gives them to no other job. One credential for all can be in secrets of the
# repository instead. Pull requests come from any branch, so these environments need no rule for branches:
@plan_places@
@variables@
# GitHub gives no secrets to pull requests from forks, so those are only validated. Those of Dependabot get only secrets
# of Dependabot: set the same names there, or their plan fails. Do not change the trigger to
# pull_request_target: it would run the config of a fork with your secrets.
name: @prefix@ plan
on:
  pull_request:

permissions: {}

defaults: {run: {shell: bash@working@}}

jobs:
  validate:
    runs-on: ubuntu-latest
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@v4 # pin actions to commits in your repository
        with: {persist-credentials: false}
      @setup@
      - name: Validate
        run: |
          @validate@

  plan:
    name: plan @shown@
    needs: validate
    if: github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-latest
    permissions: {contents: read, pull-requests: write}
    @matrix@
    environment: {name: "@prefix@-plan-@shown@", deployment: false} # only its secrets
    concurrency: {group: "@prefix@-plan-@shown@-${{ github.ref }}", cancel-in-progress: true}
    env:
      @environment@
      @reader@
      @shared@
    steps:
      - uses: actions/checkout@v4
        with: {ref: "${{ github.event.pull_request.head.sha }}", persist-credentials: false}
      @setup@
      - name: Plan
        env: {GITHUB_TOKEN: "${{ github.token }}"}
        run: |
          @plan@
      - uses: actions/upload-artifact@v4
        with: {name: "@prefix@-plan-@shown@", path: @below@plan.json, retention-days: 7, overwrite: true}
"""

_APPLY = """\
# After a merge, apply the plan that was reviewed in the pull request, or nothing.
# Written by `exportctl init --ci github`; change it as you like.
#
# If the config or the sandbox has changed since the plan was made, apply names the change, writes nothing and ends
# with 6. Review a new plan then, and start this workflow by hand with its digest.
#
# Create these environments in the settings of the repository. Each may be used by @branch@ only; those that are marked
# ask for a reviewer. Secrets of each: the credential that writes, and the values of the destinations:
@places@
name: @prefix@ apply
on:
  push:
    branches: @branches@
  workflow_dispatch:
    inputs:
      @choice@
      digest: {description: Digest of the plan to apply, required: true}

permissions: {}

defaults: {run: {shell: bash@working@}}

jobs:
  apply:
    name: apply @shown@
    runs-on: ubuntu-latest
    permissions: {contents: read, actions: read, pull-requests: write}
    @matrix@
    environment: @protected@
    concurrency: {group: "@prefix@-@shown@", queue: max} # one apply at a time; the others wait
    env:
      @environment@
      @writer@
      @shared@
    steps:
      - uses: actions/checkout@v4
        with: {persist-credentials: false}
      @setup@
      - name: Fetch the reviewed plan
        id: reviewed
        if: github.event_name == 'push'
        env: {GH_TOKEN: "${{ github.token }}", ARTIFACT: "@prefix@-plan-@shown@"}
        run: |
          # a fork can run a workflow of its own and name its artifact like ours: only pull requests of this repository
          pull=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" --jq \\
            '[.[] | select(.head.repo.full_name == env.GITHUB_REPOSITORY)][0] // empty | "\\(.number) \\(.head.sha)"')
          if [ -z "$pull" ]; then
            echo "no pull request of this repository holds this commit: apply by digest" >&2
            exit 1
          fi
          run=$(gh run list --workflow @prefix@-plan.yml --commit "${pull#* }" --status success \\
            --json databaseId --jq '.[0].databaseId // empty')
          if [ -z "$run" ]; then
            echo "no plan of this pull request succeeded for its last commit: apply by digest" >&2
            exit 1
          fi
          gh run download "$run" --name "$ARTIFACT"
          echo "number=${pull%% *}" >> "$GITHUB_OUTPUT"
      - name: Apply the reviewed plan
        if: github.event_name == 'push'
        env: {GITHUB_TOKEN: "${{ github.token }}", NUMBER: "${{ steps.reviewed.outputs.number }}"}
        run: |
          @apply@
      - name: Apply the plan of this digest
        if: github.event_name == 'workflow_dispatch'
        env: {DIGEST: "${{ inputs.digest }}"}
        run: exportctl apply --only-if "$DIGEST" --audit audit.jsonl
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: "@prefix@-audit-@shown@-${{ github.run_attempt }}"
          path: @below@audit.jsonl
          if-no-files-found: ignore
"""

_NIGHTLY = """\
# Every night: renew ends that are due, find what people changed by hand, check that files arrived, and keep one issue
# open while something needs attention. Written by `exportctl init --ci github`.
#
# Renewing writes, so this needs the credential that writes, but no secret of a destination. It changes no end but a
# rolling one. One job reads all environments, for one report and one issue: so it has the credential of each. Create
# the environment `@nightly@`, which only @branch@ may use, with these secrets:
@secrets@
name: @prefix@ nightly
on:
  schedule:
    - cron: "17 4 * * *" # UTC
  workflow_dispatch:

permissions: {}

# Never at the same time as an apply of @last@: it waits, also while that apply waits for its reviewer. A job can be in
# one group only. `policy: {lease: true}` in the config keeps runs apart in every environment.
concurrency: {group: "@prefix@-@last@", queue: max}

defaults: {run: {shell: bash@working@}}

jobs:
  nightly:
    runs-on: ubuntu-latest
    environment: {name: @nightly@, deployment: false}
    permissions: {contents: read, issues: write}
    env:
      @writer@
      @shared@
    steps:
      - uses: actions/checkout@v4
        with: {persist-credentials: false}
      @setup@
      - name: Nightly
        env: {GITHUB_TOKEN: "${{ github.token }}"}
        run: |
          @night@
      - uses: actions/upload-artifact@v4
        if: always()
        with: {name: "@prefix@-nightly-${{ github.run_attempt }}", path: @below@nightly, if-no-files-found: ignore}
"""


def render_github(pipeline: Pipeline) -> Mapping[str, str]:
    """Return the workflows by path."""
    known = _values(pipeline)
    writers = [*map(writer_name, pipeline.credentials)]
    plan = fill_template(_PLAN, **known, plan_places=place_lines(_plan_places(pipeline)))
    apply = fill_template(_APPLY, **known | _apply_values(pipeline))
    nightly = fill_template(
        _NIGHTLY, **known | {"secrets": comment_lines([*writers, *pipeline.sensitive]), "writer": _writer(pipeline, ())}
    )
    return {
        f"{FOLDER}/{pipeline.prefix}-plan.yml": plan,
        f"{FOLDER}/{pipeline.prefix}-apply.yml": apply,
        f"{FOLDER}/{pipeline.prefix}-nightly.yml": nightly,
    }


def _values(pipeline: Pipeline) -> dict[str, str]:
    shown = "${{ matrix.environment }}" if pipeline.has_environments else pipeline.environments[0].label
    return {
        "variables": f"# Variables of the repository:\n{comment_lines(pipeline.settings)}" if pipeline.settings else "",
        "prefix": pipeline.prefix,
        "below": pipeline.path(""),
        "working": f', working-directory: "{pipeline.folder}"' if pipeline.folder else "",
        "setup": fill_template(_SETUP, install=scripts.install_command(pipeline)),
        "validate": scripts.VALIDATE,
        "plan": scripts.PLAN_AND_COMMENT,
        "apply": scripts.APPLY_AND_COMMENT,
        "night": scripts.nightly_script(pipeline, issue=True),
        "nightly": pipeline.nightly_place,
        "branch": pipeline.branch,
        "branches": yaml_list([pipeline.branch]),
        "last": pipeline.environments[-1].label,
        "shown": shown,
        "matrix": _matrix(yaml_list(one.label for one in pipeline.environments)) if pipeline.has_environments else "",
        "environment": "EXPORTCTL_ENV: ${{ matrix.environment }}" if pipeline.has_environments else "",
        "reader": "\n".join(f"{name}: ${{{{ secrets.{reader_name(name)} }}}}" for name in pipeline.credentials),
        "writer": _writer(pipeline, pipeline.secrets),
        "shared": "\n".join(_shared_lines(pipeline)),
    }


def _shared_lines(pipeline: Pipeline) -> Iterator[str]:
    for name in pipeline.sensitive:
        yield f"{name}: ${{{{ secrets.{name} }}}}"
    for name in pipeline.settings:
        yield f"{name}: ${{{{ vars.{name} }}}}"


def _writer(pipeline: Pipeline, secrets: Iterable[str]) -> str:
    lines = [f"{name}: ${{{{ secrets.{writer_name(name)} }}}}" for name in pipeline.credentials]
    return "\n".join([*lines, *(f"{name}: ${{{{ secrets.{name} }}}}" for name in secrets)])


def _plan_places(pipeline: Pipeline) -> dict[str, list[str]]:
    found = {}
    for one in pipeline.environments:
        own = pipeline.for_environment(one)
        found[pipeline.plan_place(one)] = [*map(reader_name, own.credentials), *own.sensitive]
    return found


def _apply_places(pipeline: Pipeline) -> dict[str, list[str]]:
    found = {}
    for one in pipeline.environments:
        own = pipeline.for_environment(one)
        name = f"{one.label}{', with a reviewer' if one.needs_approval else ''}"
        found[name] = [*map(writer_name, own.credentials), *own.sensitive, *own.secrets]
    return found


def _apply_values(pipeline: Pipeline) -> dict[str, str]:
    names = [one.label for one in pipeline.environments]
    everything = "[" + ", ".join(f'"{name}"' for name in names) + "]"
    chosen = f"github.event_name == 'workflow_dispatch' && format('[\"{{0}}\"]', inputs.environment) || '{everything}'"
    several = pipeline.has_environments
    return {
        "matrix": _matrix(f'"${{{{ fromJSON({_escape_quotes(chosen)}) }}}}"') if several else "",
        "choice": f"environment: {{description: Environment, type: choice, options: {yaml_list(names)}}}"
        if several
        else "",
        "protected": "${{ matrix.environment }}" if several else names[0],
        "places": place_lines(_apply_places(pipeline)),
    }


def _matrix(names: str) -> str:
    return f"strategy:\n  fail-fast: false\n  matrix:\n    environment: {names}"


def _escape_quotes(text: str) -> str:
    return text.replace('"', '\\"')
