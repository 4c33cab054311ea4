"""
Use a `service-profile.json`: find and read it, build the emulator's switches from it, and say what it means.

The file is the one that the user names, else `service-profile.json` beside the first config file. A profile of an
emulator says nothing about Adobe's service, so it is not used there.
"""

from __future__ import annotations

from pathlib import Path

from exportctl.emulator.promises import DEGRADED_PROMISES
from exportctl.emulator.switches import QUESTIONS, Switches
from exportctl.errors import ConfigError, Error, Finding
from exportctl.profile.answers import Setting
from exportctl.profile.file import FILE_NAME, ServiceProfile, load_profile


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


def find_profile(folder: Path, files: tuple[str, ...], named: Path | None) -> tuple[Path, ServiceProfile] | None:
    """Return the profile that the user names, else the one beside the first config file; None without one."""
    if named is not None:
        return named, read_profile(folder, named)
    beside = (Path(files[0]).parent if files else Path()) / FILE_NAME
    return (beside, read_profile(folder, beside)) if (folder / beside).is_file() else None


def profile_switches(profile: ServiceProfile) -> Switches:
    """Return the switches of an emulator that answers as the service of a profile. Without an answer: the default."""
    return Switches.from_json(profile.switches)


def question_text(name: str) -> str | None:
    """Return what a switch asks; None if there is no such switch."""
    return QUESTIONS[name].text if name in QUESTIONS else None


def degraded_promises(switch: str, setting: Setting) -> tuple[str, ...]:
    """Return the promises that a setting weakens. Seconds count as the next longer setting of the table."""
    rows = [row for row in DEGRADED_PROMISES if row.switch == switch]
    known = QUESTIONS[switch]
    if known.span is not None and setting not in known.values and isinstance(setting, int):
        longer = [value for value in known.values if isinstance(value, int | float) and value >= setting]
        setting = int(min(longer, default=setting))
    return tuple(str(row) for row in rows if type(row.setting) is type(setting) and row.setting == setting)
