"""Declarative pipelines for Jenkins: plan on each branch, plan and apply on main, and a nightly run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from exportctl.pipelines import scripts
from exportctl.pipelines.pipeline import Environment, Pipeline, reader_name, writer_name
from exportctl.pipelines.text import comment_lines, fill_template

FILE = "Jenkinsfile"
NIGHTLY_FILE = "Jenkinsfile.nightly"

_HEAD = """\
// Plan on each branch and pull request, plan and apply on @branch@. Written by `exportctl init --ci jenkins`; change it
// as you like. Create a multibranch pipeline from this file. The agent needs Python 3.11 or later with venv.
//
// Credentials of the kind "Secret text". A stage gets only those of its own environment, but who may change this file
// on a branch can name any that the folder of the job has. Of a credential that can only read:
@reader_ids@
// Of the credential that writes, and the values of the destinations. Keep them in a folder that only this job may use:
@writer_ids@
@shared_ids@
// Jenkins gives a pull request from a fork the Jenkinsfile of @branch@ only if the source is set to "From users with
// Admin or Write permission". Set this, or a fork could change the steps that see these credentials.
pipeline {
    agent none
    options {
        disableConcurrentBuilds() // one apply at a time
        timeout(time: 24, unit: 'HOURS') // also for the approval
    }
    stages {
        stage('Plan') {
            parallel {
                @plan_stages@
            }
        }
"""

# A stage for each environment and no `matrix`: its cells cannot have different credentials.
_PLAN = """\
stage('Plan @name@') {
    agent any
    @environment@
    steps {
        sh '''
            rm -f @below@plan.json @below@plan*.md
            @install@
            @validate@
        '''
        withCredentials([
            @reader@
        ]) {
            sh '''
                @plan@
            '''
        }
        stash name: @stash@, includes: '@below@plan.json'
    }
    post {
        always {
            archiveArtifacts artifacts: '@below@@report@', allowEmptyArchive: true
        }
    }
}
"""

_APPLY = """\
        stage('Apply @name@') {
            when {
                beforeAgent true
                beforeInput true
                branch '@branch@'
            }
            @input@
            agent any
            @environment@
            steps {
                sh '''
                    rm -f @below@plan.json @below@@audit@
                    @install@
                '''
                unstash @stash@
                withCredentials([
                    @writer@
                ]) {
                    sh '''
                        @apply@
                    '''
                }
            }
            post {
                always {
                    archiveArtifacts artifacts: '@below@@audit@', allowEmptyArchive: true
                }
            }
        }
"""

_NIGHTLY = """\
// Every night: renew ends that are due, find what people changed by hand, and check that files arrived. Written by
// `exportctl init --ci jenkins`. Create a pipeline from this file and @branch@. The build fails while something needs
// attention: nightly/nightly.md says what. Credentials of the kind "Secret text", of the credential that writes. One
// run reads all environments, for one report: so it has the credential of each:
@night_ids@
// Jenkins itself does not keep this job apart from an apply: `policy: {lease: true}` in the config does.
pipeline {
    agent any
    triggers {
        cron('TZ=UTC\\n17 4 * * *')
    }
    options {
        disableConcurrentBuilds()
        timeout(time: 2, unit: 'HOURS')
    }
    stages {
        stage('Nightly') {
            steps {
                sh '''
                    @remove_night@
                    @install@
                '''
                withCredentials([
                    @night_writer@
                ]) {
                    sh '''
                        @nightly@
                    '''
                }
            }
        }
    }
    post {
        always {
            junit testResults: '@below@nightly/nightly.xml', allowEmptyResults: true
            archiveArtifacts artifacts: '@below@nightly/*', allowEmptyArchive: true
        }
    }
}
"""

_ENTER = ". .exportctl-venv/bin/activate"


def render_jenkins(pipeline: Pipeline) -> Mapping[str, str]:
    """Return both files by path."""
    values = _values(pipeline)
    plans = "".join(fill_template(_PLAN, **values | _plan_stage(pipeline, one)) for one in pipeline.environments)
    stages = [fill_template(_APPLY, **values | _stage(pipeline, one)) for one in pipeline.environments]
    return {
        pipeline.path(FILE): "".join([fill_template(_HEAD, **values, plan_stages=plans), *stages, "    }\n}\n"]),
        pipeline.path(NIGHTLY_FILE): fill_template(_NIGHTLY, **values),
    }


def _values(pipeline: Pipeline) -> dict[str, str]:
    night = _ids(pipeline, pipeline.credentials, writer_name) | _shared_ids(pipeline)
    own = {one: pipeline.for_environment(one) for one in pipeline.environments}
    return {
        "install": f"python3 -m venv .exportctl-venv\n{_ENTER}\n{scripts.install_command(pipeline)}",
        "below": pipeline.path(""),
        "branch": pipeline.branch,
        "validate": scripts.in_folder(pipeline, scripts.VALIDATE),
        "remove_night": scripts.REMOVE_NIGHT.replace("nightly/", pipeline.path("nightly/")),
        "nightly": f"{_ENTER}\n{scripts.in_folder(pipeline, scripts.nightly_script(pipeline, issue=False))}",
        "night_writer": _credential_bindings(night),
        "night_ids": comment_lines(night.values(), "//"),
        "reader_ids": comment_lines([key for one in own for key in _reader_ids(own[one], one).values()], "//"),
        "writer_ids": comment_lines([key for one in own for key in _writer_ids(own[one], one).values()], "//"),
        "shared_ids": comment_lines(pipeline.shared_names, "//"),
    }


def _plan_stage(pipeline: Pipeline, one: Environment) -> dict[str, str]:
    report = f"plan-{one.name}.md" if one.name else "plan.md"
    shown = scripts.PLAN_AND_SHOW
    if one.name:
        shown = shown.replace("cat plan.md", 'cat plan.md\nmv plan.md "plan-$EXPORTCTL_ENV.md"')
    own = pipeline.for_environment(one)
    return {
        "name": one.label,
        "environment": _environment_block(one),
        "reader": _credential_bindings(_reader_ids(own, one) | _shared_ids(own)),
        "plan": f"{_ENTER}\n{scripts.in_folder(pipeline, shown)}",
        "stash": _stash(one),
        "report": report,
    }


def _stage(pipeline: Pipeline, one: Environment) -> dict[str, str]:
    audit, own = f"audit-{one.label}.jsonl", pipeline.for_environment(one)
    question = f"message 'Apply the plan of {one.label}?'\n    ok 'Apply' // `submitter` says who may"
    return {
        "name": one.label,
        "input": f"input {{\n    {question}\n}}" if one.needs_approval else "",
        "environment": _environment_block(one),
        "stash": _stash(one),
        "audit": audit,
        "writer": _credential_bindings(_writer_ids(own, one) | _shared_ids(own)),
        "apply": f"{_ENTER}\n{scripts.in_folder(pipeline, scripts.APPLY.replace('audit.jsonl', audit))}",
    }


def _environment_block(one: Environment) -> str:
    return f"environment {{\n    EXPORTCTL_ENV = '{one.name}'\n}}" if one.name else ""


def _stash(one: Environment) -> str:
    return f"'plan-{one.name}'" if one.name else "'plan'"


def _reader_ids(own: Pipeline, one: Environment) -> dict[str, str]:
    return _ids(own, own.credentials, reader_name, one)


def _writer_ids(own: Pipeline, one: Environment) -> dict[str, str]:
    return _ids(own, own.credentials, writer_name, one) | _ids(own, own.secrets, str, one)


def _ids(
    pipeline: Pipeline, names: Iterable[str], secret: Callable[[str], str], one: Environment | None = None
) -> dict[str, str]:
    """Return the id of each variable's credential. A name of a variable has no dash, so no two of them are equal."""
    place = f"{pipeline.prefix}-{one.label}" if one else pipeline.prefix
    return {name: f"{place}-{secret(name)}" for name in names}


def _shared_ids(pipeline: Pipeline) -> dict[str, str]:
    """Return what has one value in all environments."""
    return {name: name for name in pipeline.shared_names}


def _credential_bindings(variables: Mapping[str, str]) -> str:
    return ",\n".join(
        f"string(credentialsId: '{secret}', variable: '{variable}')" for variable, secret in variables.items()
    )
