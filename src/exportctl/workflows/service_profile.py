"""
Use a `service-profile.json`: find and read it, build the emulator's switches from it, and say what it means.

The file is the one that the user names, else `service-profile.json` beside the first config file. A profile of an
emulator says nothing about Adobe's service, so it is not used there.
"""

from __future__ import annotations

from pathlib import Path

from exportctl.emulator.promises import DEGRADED_PROMISES, DegradedPromise
from exportctl.emulator.switches import QUESTIONS, Switches
from exportctl.errors import ConfigError, Error, Finding
from exportctl.frozen import dataclass
from exportctl.model.profile_note import ProfileNote
from exportctl.profile.answers import Setting
from exportctl.profile.file import ServiceProfile, default_path, load_profile
from exportctl.workflows.connect import SERVICE
from exportctl.workflows.load_config import Setup


def read_profile(folder: Path, file: Path) -> ServiceProfile:
    """
    Read a profile and check its switches.

    Raises:
        Error: the file cannot be read.
        ConfigError: it is no profile, or names a switch or a setting that this emulator does not have.
    """
    try:
        data = (folder / file).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Error(
            f"the profile {file} cannot be read: {reason}",
            rule="file",
            hint="write one: exportctl probe --dataset NAME",
        ) from error
    profile = load_profile(str(file), data)
    findings = [finding for name in profile.switches for finding in _switch_findings(profile, name)]
    if findings:
        raise ConfigError(findings)
    return profile


def _switch_findings(profile: ServiceProfile, name: str) -> list[Finding]:
    at, setting = profile.positions.get(name), profile.switches[name]
    if name not in QUESTIONS:
        hint = "delete the line, or use the exportctl that wrote the file"
        return [Finding("profile", f"the emulator has no switch {name}", at, hint)]
    if not QUESTIONS[name].allows(setting):
        known = ", ".join(map(str, QUESTIONS[name].values))
        return [Finding("profile", f"{name} cannot be {setting}", at, f"known settings: {known}")]
    return []


@dataclass(frozen=True)
class UsedProfile:
    """A profile that a command uses, and its file as the user would write it."""

    file: Path
    profile: ServiceProfile

    @property
    def degraded_promises(self) -> tuple[DegradedPromise, ...]:
        """The promises that this service makes weaker."""
        found = self.profile.switches
        return tuple(row for name, setting in found.items() for row in weaker_promises(name, setting))

    @property
    def answer_count(self) -> int:
        """How many open questions the profile answers."""
        return len(self.profile.switches)

    @property
    def question_count(self) -> int:
        """How many open questions there are."""
        return len(QUESTIONS)

    def note(self) -> ProfileNote:
        """Return what the header of a plan says about the profile."""
        weaker = len({row.switch for row in self.degraded_promises})
        return ProfileNote(str(self.file), self.profile.probed_on, self.answer_count, weaker)


def find_profile(folder: Path, files: tuple[str, ...], named: Path | None) -> UsedProfile | None:
    """Return the profile that the user names, else the one beside the first config file; None without one."""
    file = named or Path(default_path(files))
    if named is None and not (folder / file).is_file():
        return None
    return UsedProfile(file, read_profile(folder, file))


def use_profile(setup: Setup, platform: str, named: Path | None = None) -> UsedProfile | None:
    """
    Return the profile for a platform: the one that the user names, else the one beside the first config file.

    A file that the user does not name counts for Adobe's service only if it was asked there: an emulator proves nothing
    about it. An emulator may play any service.
    """
    found = find_profile(setup.folder, setup.files, named)
    if found is None or (named is None and platform == SERVICE and found.profile.platform != SERVICE):
        return None
    return found


def unanswered_findings(findings: tuple[Finding, ...], used: UsedProfile | None) -> tuple[Finding, ...]:
    """Leave out the warnings about questions that the profile answers."""
    if used is None:
        return findings
    answered = {rule for rule, (switch, good) in _WARNINGS.items() if used.profile.switches.get(switch) == good}
    return tuple(finding for finding in findings if finding.rule not in answered)


# rule of a warning -> the switch that it is about, and the setting under which there is nothing to warn of
_WARNINGS = {"schedule-8-hours": ("eight_hours", "accepted")}


def profile_switches(profile: ServiceProfile) -> Switches:
    """Return the switches of an emulator that answers as the service of a profile. Without an answer: the default."""
    return Switches.from_json(profile.switches)


def question_text(name: str) -> str | None:
    """Return what a switch asks; None if there is no such switch."""
    return QUESTIONS[name].text if name in QUESTIONS else None


def weaker_promises(switch: str, setting: Setting) -> tuple[DegradedPromise, ...]:
    """Return the promises that a setting weakens. Seconds count as the next longer setting of the table."""
    rows = [row for row in DEGRADED_PROMISES if row.switch == switch]
    known = QUESTIONS[switch]
    if known.span is not None and setting not in known.values and isinstance(setting, int):
        longer = [value for value in known.values if isinstance(value, int | float) and value >= setting]
        setting = int(min(longer, default=setting))
    return tuple(row for row in rows if type(row.setting) is type(setting) and row.setting == setting)
