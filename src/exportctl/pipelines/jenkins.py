"""Declarative pipelines for Jenkins: plan on each branch, plan and apply on main, and a nightly run."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.pipelines import scripts
from exportctl.pipelines.pipeline import Environment, Pipeline, reader_name, writer_name
from exportctl.pipelines.text import comment_lines, fill_template

FILE = "Jenkinsfile"
NIGHTLY_FILE = "Jenkinsfile.nightly"

_HEAD = """\
// Plan on each branch and pull request, plan and apply on main. Written by `exportctl init --ci jenkins`; change it as
// you like. Create a multibranch pipeline from this file. The agent needs Python 3.11 or later with venv.
//
// Credentials of the kind "Secret text". Of a credential that can only read:
@reader_names@
// Of the credential that writes, and the values of the destinations. Keep them in a folder that only this job may use:
@writer_names@
// Jenkins gives a pull request from a fork the Jenkinsfile of main only if the source is set to "From users with Admin
// or Write permission". Set this, or a fork could change the steps that see these credentials.
pipeline {
    agent none
    options {
        disableConcurrentBuilds() // one apply at a time
        timeout(time: 24, unit: 'HOURS') // also for the approval
    }
    stages {
        stage('Plan') {
            @plan_stage@
        }
"""

_PLAN = """\
agent any
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
        archiveArtifacts artifacts: @report@, allowEmptyArchive: true
    }
}
"""

_MATRIX = """\
matrix {
    axes {
        axis {
            name 'EXPORTCTL_ENV'
            values @names@
        }
    }
    stages {
        stage('Plan an environment') {
            @plan_stage@
        }
    }
}
"""

_APPLY = """\
        stage('Apply @name@') {
            when {
                beforeAgent true
                beforeInput true
                branch 'main'
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
// `exportctl init --ci jenkins`. Create a pipeline from this file and main. The build fails while something needs
// attention: nightly/nightly.md says what. Credentials of the kind "Secret text", of the credential that writes:
@night_names@
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
    stages = [fill_template(_APPLY, **values | _stage(pipeline, one)) for one in pipeline.environments]
    return {
        pipeline.path(FILE): "".join([fill_template(_HEAD, **values), *stages, "    }\n}\n"]),
        pipeline.path(NIGHTLY_FILE): fill_template(_NIGHTLY, **values),
    }


def _values(pipeline: Pipeline) -> dict[str, str]:
    credentials, shared = pipeline.credentials, pipeline.shared_names
    values = {
        "install": f"python3 -m venv .exportctl-venv\n{_ENTER}\n{scripts.install_command(pipeline)}",
        "below": pipeline.path(""),
        "validate": scripts.in_folder(pipeline, scripts.VALIDATE),
        "plan": f"{_ENTER}\n{scripts.in_folder(pipeline, _plan(pipeline))}",
        "remove_night": scripts.REMOVE_NIGHT.replace("nightly/", pipeline.path("nightly/")),
        "nightly": f"{_ENTER}\n{scripts.in_folder(pipeline, scripts.nightly_script(pipeline, issue=False))}",
        "reader": _credential_bindings(
            {name: reader_name(name) for name in credentials} | {name: name for name in shared}
        ),
        "night_writer": _credential_bindings(
            {name: writer_name(name) for name in credentials} | {name: name for name in shared}
        ),
        "reader_names": comment_lines([*map(reader_name, credentials), *shared], "//"),
        "writer_names": comment_lines([*map(writer_name, credentials), *pipeline.secrets], "//"),
        "night_names": comment_lines([*map(writer_name, credentials), *shared], "//"),
        "stash": '"plan-${EXPORTCTL_ENV}"' if pipeline.has_environments else "'plan'",
        "report": f'"{pipeline.path("plan-${EXPORTCTL_ENV}.md")}"'
        if pipeline.has_environments
        else f"'{pipeline.path('plan.md')}'",
    }
    return values | {"plan_stage": _plan_stage(pipeline, values)}


def _plan_stage(pipeline: Pipeline, values: dict[str, str]) -> str:
    steps = fill_template(_PLAN, **values)
    if not pipeline.has_environments:
        return steps
    names = ", ".join(f"'{one.name}'" for one in pipeline.environments)
    return fill_template(_MATRIX, names=names, plan_stage=steps)


def _plan(pipeline: Pipeline) -> str:
    if not pipeline.has_environments:
        return scripts.PLAN_AND_SHOW
    return scripts.PLAN_AND_SHOW.replace("cat plan.md", 'cat plan.md\nmv plan.md "plan-$EXPORTCTL_ENV.md"')


def _stage(pipeline: Pipeline, one: Environment) -> dict[str, str]:
    audit, own = f"audit-{one.label}.jsonl", pipeline.for_environment(one)
    written = {name: writer_name(name) for name in own.credentials}
    question = f"message 'Apply the plan of {one.label}?'\n    ok 'Apply' // `submitter` says who may"
    return {
        "name": one.label,
        "input": f"input {{\n    {question}\n}}" if one.needs_approval else "",
        "environment": f"environment {{\n    EXPORTCTL_ENV = '{one.name}'\n}}" if one.name else "",
        "stash": f"'plan-{one.name}'" if one.name else "'plan'",
        "audit": audit,
        "writer": _credential_bindings(written | {name: name for name in (*own.secrets, *own.shared_names)}),
        "apply": f"{_ENTER}\n{scripts.in_folder(pipeline, scripts.APPLY.replace('audit.jsonl', audit))}",
    }


def _credential_bindings(variables: Mapping[str, str]) -> str:
    return ",\n".join(
        f"string(credentialsId: '{secret}', variable: '{variable}')" for variable, secret in variables.items()
    )
