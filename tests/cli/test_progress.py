"""What a run says while it reads: a line that moves on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest

from exportctl.cli.progress import Progress
from exportctl.cli.request_view import RequestView
from exportctl.cli.screen import Screen
from exportctl.cli.streams import OutputStream
from exportctl.client.guard import SecretGuard
from exportctl.client.transport import Purpose, Request
from tests.cli.command_line import CommandLine, Terminal

ERASE = "\r\x1b[K"


class Played:
    """A progress with a clock that a test moves."""

    def __init__(self, width: int | None):
        self.shown = io.StringIO()
        self.now = 100.0
        self.progress = Progress(OutputStream(self.shown, "stderr"), lambda: width, lambda: self.now, rate=0)

    def after(self, seconds: float) -> str:
        """What is written when the clock is moved by this much."""
        self.now += seconds
        self.progress.tick()
        text = self.shown.getvalue()
        self.shown.seek(0)
        self.shown.truncate()
        return text


def test_a_terminal_shows_what_takes_long_and_erases_it() -> None:
    played = Played(80)

    played.progress.begin("reading flows")
    assert played.after(0.1) == ""
    assert played.after(0.3) == "\r⠙ reading flows\x1b[K"
    played.progress.end()
    assert played.after(1) == ERASE
    assert played.after(1) == ""


def test_a_wait_that_the_service_asks_for_is_shown_until_it_ends() -> None:
    played = Played(80)
    played.progress.begin("reading flows")
    played.progress.end()
    played.progress.announce_wait(8)

    assert played.after(7) == "\r⠙ asked to wait 8 s\x1b[K"
    assert played.after(2) == ERASE
    played.progress.announce_wait(8)
    played.progress.begin("reading flows, page 2")
    assert "page 2" in played.after(1)


def test_the_line_does_not_flicker_between_two_requests() -> None:
    played = Played(80)
    played.progress.begin("reading flows")
    played.after(1)
    played.progress.end()
    assert "reading flows" in played.after(0.1)
    played.progress.begin("reading flows, page 2")
    assert "page 2" in played.after(0.1)


def test_the_line_is_never_wider_than_the_terminal() -> None:
    played = Played(20)
    played.progress.begin("reading " + "表" * 30)

    line = played.after(1).removeprefix("\r").removesuffix("\x1b[K")
    assert line == "⠙ reading 表表表表"


def test_elsewhere_nothing_is_said_for_five_seconds_and_then_every_ten() -> None:
    played = Played(None)
    played.progress.begin("reading flows")

    said = [played.after(1) for _ in range(26)]

    assert [(n + 1, text) for n, text in enumerate(said) if text] == [
        (5, "reading flows (5 s)\n"),
        (15, "reading flows (15 s)\n"),
        (25, "reading flows (25 s)\n"),
    ]


def test_several_short_requests_are_one_wait() -> None:
    played = Played(None)
    said = ""
    for page in range(1, 8):
        played.progress.begin(f"reading runs, page {page}")
        said += played.after(1)
        played.progress.end()

    assert said == "reading runs, page 5 (5 s)\n"


def test_a_bar_counts_steps_and_goes_away() -> None:
    played = Played(80)
    with played.progress.count_steps(4) as count:
        assert played.shown.getvalue() == f"\r⠙ applying {'┄' * 20} 0/4  0 s\x1b[K"  # also if it ends at once
        count()
        assert played.after(3).endswith(f"\r⠹ applying {'━' * 5}{'┄' * 15} 1/4  3 s\x1b[K")
    assert played.after(1) == ERASE


def test_an_interrupt_leaves_a_clean_line() -> None:
    played = Played(80)
    with suppress(KeyboardInterrupt), played.progress.count_steps(4):
        played.after(1)
        raise KeyboardInterrupt
    assert played.shown.getvalue() == ERASE


@pytest.mark.parametrize("variables", [{"CI": "true"}, {"TERM": "dumb"}], ids=str)
def test_only_a_terminal_of_a_person_is_drawn_on(variables: dict[str, str]) -> None:
    def screen(env: dict[str, str]) -> Screen:
        return Screen(Terminal(), Terminal(), Terminal(), env)

    assert screen({}).progress.is_drawing
    assert not screen(variables).progress.is_drawing
    assert not Screen(Terminal(), Terminal(), io.StringIO(), {}).progress.is_drawing


def test_what_is_written_takes_the_place_of_the_line() -> None:
    stream = Terminal()
    screen = Screen(Terminal(), stream, stream, {"COLUMNS": "80"})
    with screen.progress.count_steps(2):
        screen.progress.tick()
        stream.seek(0)
        stream.truncate()
        screen.say("a note")
        assert stream.getvalue().startswith(f"{ERASE}a note\n")
    screen.progress.close()


def test_a_further_page_of_a_list_is_named() -> None:
    played = Played(80)
    view = RequestView(played.progress, 0, lambda text: None, SecretGuard())
    flows = "https://platform.adobe.io/data/foundation/flowservice/flows?limit=100"
    for url in (flows, f"{flows}&continuationToken=a", f"{flows}&continuationToken=b"):
        view.begin_request(Request("GET", url, Purpose.READ, {}))

    assert "reading flows, page 3" in played.after(1)


def test_a_quiet_run_says_only_what_was_asked_for(applied: CommandLine) -> None:
    assert applied("emulator", "ui", "path", "orders", "by/hand").code == 0
    saved = applied("plan", "--out", "plan.json", "-q")
    ended = applied("apply", "--auto-approve", "-q")
    wrong = applied("-q", "plan", "--target", "nothing")

    assert (saved.code, saved.err, "exports.orders" in saved.out) == (0, "", True)
    assert (ended.code, ended.err, "Apply: 1 done." in ended.out) == (0, "", True)
    assert (wrong.code, "no resource matches" in wrong.err) == (64, True)


def test_quiet_and_verbose_exclude_each_other(applied: CommandLine) -> None:
    assert applied("plan", "-q", "-v").code == 64


@pytest.mark.parametrize("argv", [("-v", "plan"), ("plan", "-v")], ids=" ".join)
def test_verbose_shows_each_request_before_or_after_the_command(applied: CommandLine, argv: tuple[str, ...]) -> None:
    ended = applied(*argv)

    assert ended.code == 0
    lines = ended.err.splitlines()
    assert lines[0].startswith("POST the token endpoint at embedded: 200 in ")
    assert any(
        line.startswith("GET /data/foundation/flowservice/flows?") and ": 200 in " in line and ", request id " in line
        for line in lines
    )
    assert "got" not in {line.split()[0] for line in lines}
    assert ended.out == applied("plan").out


def test_very_verbose_shows_bodies_but_none_of_a_token(applied: CommandLine) -> None:
    shown = applied("plan", "-vv").err

    token, _, rest = shown.partition("GET ")
    assert "never shown" in token
    assert '"name": "orders"' in rest
    assert '"s3Role": "(hidden)"' in rest
