"""
Faults to plant: small modules that each break one rule of the architecture.

A fault is put into a parsed copy of the tree; nothing is written. A row that is not caught means that a rule is blind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

IN_PLANNER = "plan.planted"


@dataclass(frozen=True)
class Fault:
    """`rule` is the check that must catch it, `modules` the planted sources by name."""

    name: str
    rule: str
    modules: Mapping[str, str]


def _in_planner(name: str, rule: str, source: str) -> Fault:
    return Fault(name, rule, {IN_PLANNER: source})


DOWN = "imports point down"
BARRED = "apply makes no plan, and the emulator stands apart"
CIRCLE = "no files import each other in a circle"
PRIVATE = "no package uses private names of another"
IMPORTS = "pure code imports what is on the list"
CALLS = "pure code reads no file and no clock"
PLACES = "a third-party package has its modules"
RESOURCES = "kinds and types are named in resources"

DIRECTION = (
    _in_planner("the planner imports a workflow", DOWN, "from exportctl.workflows.connect import connect"),
    _in_planner("an upward import for types only", DOWN, "if TYPE_CHECKING:\n    from exportctl.cli.app import app"),
    _in_planner("an upward import inside a function", DOWN, "def f():\n    from exportctl.output.text import plan"),
    _in_planner("an upward import of a whole module", DOWN, "import exportctl.accept.accept as accept"),
    _in_planner("an upward import written relative", DOWN, "from ..monitor import drift"),
    Fault("the model imports the resources", DOWN, {"model.planted": "from exportctl.resources.kinds import FLOW"}),
    Fault("a workflow imports an output", DOWN, {"workflows.planted": "from exportctl.output.json import documents"}),
    Fault("apply imports the planner", BARRED, {"apply.planted": "from exportctl.plan import planner"}),
    Fault("apply imports the rules", BARRED, {"apply.planted": "from exportctl.rules import engine"}),
    Fault("the emulator imports the model", BARRED, {"emulator.planted": "from exportctl.model import urls"}),
    Fault("the client imports the emulator", BARRED, {"client.planted": "from exportctl.emulator import Emulator"}),
    Fault("a loose module in the root", "every module is in a package of the list", {"planted": "x = 1"}),
)

CIRCLES = (
    Fault(
        "a circle of two files",
        CIRCLE,
        {"plan.first": "from exportctl.plan import second", "plan.second": "from exportctl.plan.first import x"},
    ),
    Fault(
        "a circle closed under TYPE_CHECKING",
        CIRCLE,
        {
            "cli.first": "from exportctl.cli import second",
            "cli.second": "if TYPE_CHECKING:\n    from exportctl.cli import first",
        },
    ),
    Fault(
        "a circle closed inside a function",
        CIRCLE,
        {
            "model.first": "from exportctl.model.second import y",
            "model.second": "def f():\n    from exportctl.model.first import x\n    return x",
        },
    ),
    Fault(
        "a circle of three files",
        CIRCLE,
        {
            "rules.first": "import exportctl.rules.second",
            "rules.second": "from exportctl.rules import third",
            "rules.third": "from exportctl.rules.first import x",
        },
    ),
    Fault("a file that imports itself", CIRCLE, {"plan.planted": "from exportctl.plan import planted"}),
)

PRIVATES = (
    _in_planner("a private name of another package", PRIVATE, "from exportctl.config.scalars import _NAME"),
    _in_planner(
        "a private name under TYPE_CHECKING", PRIVATE, "if TYPE_CHECKING:\n    from exportctl.model.plan import _Step"
    ),
    _in_planner(
        "a private name through an imported module",
        PRIVATE,
        "from exportctl.model import urls as links\nx = links._split('a')",
    ),
    Fault("a private module", PRIVATE, {"apply.planted": "from exportctl.client import _retry"}),
)

IMPURITIES = (
    _in_planner("sqlite3 in the planner", IMPORTS, "import sqlite3"),
    _in_planner("urllib.request in the planner", IMPORTS, "from urllib.request import urlopen"),
    _in_planner("importlib in the planner", IMPORTS, "import importlib"),
    _in_planner("importlib in a function", PLACES, "def f():\n    from importlib import import_module"),
    _in_planner("os in the planner", IMPORTS, "import os"),
    _in_planner("a package that is not listed", IMPORTS, "import pendulum"),
    _in_planner("the client in the planner", IMPORTS, "from exportctl.client.client import Client"),
    _in_planner("the clock in the planner", IMPORTS, "from exportctl import clock"),
    _in_planner("deepdiff beside the comparison", PLACES, "import deepdiff"),
    Fault("pathlib in an output", IMPORTS, {"output.planted": "from pathlib import Path"}),
    Fault("the network in a rule", IMPORTS, {"rules.planted": "import httpx"}),
    Fault("the environment in the model", IMPORTS, {"model.planted": "from os import environ"}),
    Fault("a file read in config", IMPORTS, {"config.planted": "from pathlib import Path"}),
    _in_planner(
        "a dataclass of the standard library",
        "dataclasses compile their methods on first use",
        "from dataclasses import dataclass",
    ),
    _in_planner(
        "a set and the keys of a dict", "no set is copied where it should grow", "s = set()\ns |= dict(a=1).keys()"
    ),
    Fault("Typer in a workflow", PLACES, {"workflows.planted": "import typer"}),
    Fault("rich in a workflow", PLACES, {"workflows.planted": "from rich.text import Text"}),
    Fault("an object store in apply", PLACES, {"apply.planted": "import obstore"}),
)

CALLED = (
    _in_planner("datetime.now in the planner", CALLS, "from datetime import UTC, datetime\nx = datetime.now(UTC)"),
    _in_planner(
        "datetime.now handed on", CALLS, "import datetime as d\nfrom datetime import datetime\nf(datetime.now)"
    ),
    _in_planner("utcnow by the module", CALLS, "import datetime\nx = datetime.datetime.utcnow()"),
    _in_planner("today in the planner", CALLS, "from datetime import date\nx = date.today()"),
    _in_planner("a clock under another name", CALLS, "from datetime import datetime as moment\nx = moment.now()"),
    _in_planner("open in the planner", CALLS, "x = open('exports.yaml')"),
    _in_planner("open handed on", CALLS, "x = map(open, names)"),
    _in_planner("print in the planner", CALLS, "print('planned')"),
    _in_planner("input in the planner", CALLS, "x = input()"),
    _in_planner("eval in the planner", CALLS, "x = eval('1')"),
    _in_planner("an import by its function", CALLS, "x = __import__('os')"),
    _in_planner("a file read through a parameter", CALLS, "def f(path):\n    return path.read_text()"),
)

NAMED = (
    _in_planner("a kind compared", RESOURCES, "x = kind == 'flow'"),
    _in_planner("a kind as a dict key", RESOURCES, "x = {'target_connection': 1}"),
    _in_planner("a kind by .get", RESOURCES, "x = ids.get('source_connection')"),
    _in_planner("a type by startswith", RESOURCES, "x = name.startswith('amazon-s3')"),
    _in_planner("types by their first word", RESOURCES, "x = name.startswith('azure-')"),
    _in_planner("types by their last words", RESOURCES, "x = name.endswith(('lake', 'cloud-storage'))"),
    _in_planner("a type by match", RESOURCES, "match name:\n    case 'sftp':\n        pass"),
    _in_planner("a type in a tuple", RESOURCES, "x = name in ('azure-blob', 'azure-data-lake')"),
    _in_planner("a type in a set of its own", RESOURCES, "NO_KEYS = frozenset({'data-landing-zone'})"),
    _in_planner("a key of a location by subscript", RESOURCES, "x = location['bucket']"),
    _in_planner("a key of a location by in", RESOURCES, "x = 'container' in location"),
    _in_planner("a key of the credentials", RESOURCES, "x = auth['connection_string']"),
    _in_planner("a name of the wire", RESOURCES, "x = params['bucketName']"),
    _in_planner("a kind as a parameter's default", RESOURCES, "def f(kind='base_connection'): ..."),
)

SHAPES = (
    _in_planner(
        "a function with 15 parameters",
        "functions take few parameters",
        f"def f({', '.join(f'p{n}' for n in range(15))}): ...",
    ),
    _in_planner(
        "a function with 15 keywords",
        "functions take few parameters",
        f"def f(*, {', '.join(f'p{n}' for n in range(15))}): ...",
    ),
    _in_planner("a long function", "functions are short", "def f():\n" + "    x = 1\n" * 60),
    _in_planner("a long module", "modules are short", "x = 1\n" * 401),
    _in_planner("a module without a docstring", "every module says what it is", "x = 1"),
    Fault("a module for everything", "modules are named for what they contain", {"plan.helpers": "x = 1"}),
)

FAULTS = (*DIRECTION, *CIRCLES, *PRIVATES, *IMPURITIES, *CALLED, *NAMED, *SHAPES)

HARMLESS = '''
"""A planned value, made from values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from exportctl.frozen import dataclass
from exportctl.model.plan import Action
from exportctl.resources import kinds


@dataclass(frozen=True)
class Moment:
    """A moment that a caller gives."""

    now: datetime

    def is_past(self, end: datetime) -> bool:
        """Say whether the end is before this moment; `flow` and `bucket` may stand in a sentence."""
        return end < self.now.astimezone(UTC)


def flow_ids(ids: Mapping[str, str], a: int, b: int, c: int, *, d: int, e: int) -> tuple[str | None, Action]:
    return ids.get(kinds.FLOW.name), Action.CREATE
'''
