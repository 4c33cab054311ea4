"""
An emulator of the AEP Flow Service as dataset exports use it, in process or behind a WSGI server.

It shares nothing with the client of this package and imports none of it: the two must be able to disagree.
"""

from exportctl.emulator.app import Emulator
from exportctl.emulator.datasets import SeedDataset
from exportctl.emulator.faults import AnswerLost, Fault
from exportctl.emulator.switches import Switches

__all__ = ["AnswerLost", "Emulator", "Fault", "SeedDataset", "Switches"]
