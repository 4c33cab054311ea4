"""
An emulator of the AEP Flow Service as dataset exports use it, in process or behind a WSGI server.

It shares nothing with the client of this package and imports none of it: the two must be able to disagree. A name below
is loaded when it is used: `validate` reads the store of an emulator, and needs no application for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exportctl.emulator.app import Emulator
    from exportctl.emulator.datasets import SeedDataset
    from exportctl.emulator.faults import AnswerLost, Fault
    from exportctl.emulator.switches import Switches

__all__ = ["AnswerLost", "Emulator", "Fault", "SeedDataset", "Switches"]
_MODULES = {
    "AnswerLost": "faults",
    "Emulator": "app",
    "Fault": "faults",
    "SeedDataset": "datasets",
    "Switches": "switches",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
