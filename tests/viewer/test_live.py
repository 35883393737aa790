"""The live view in a real browser, before a real server: a game is watched, and an agent played.

Needs what the other tests of the viewer need.
"""

import os
import subprocess
import sys

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

WATCH = "from metammo.cli.main import main; raise SystemExit(main())"
PEACE = (
    *("npc_count=0", "spawn_immunity=30000", "starvation_damage=0", "fog_onset=0"),
    *("playable=32", "horizon=5000"),
)
"""Nobody dies, and nothing ends while the tests look on."""
MOVES = {"ArrowUp": (-1, 0), "ArrowDown": (1, 0), "ArrowRight": (0, 1), "ArrowLeft": (0, -1)}


@pytest.fixture(scope="module")
def address(browser):
    """The address of a game of random agents that is played live."""
    del browser  # It says what is missing, before a server is started.
    command = [sys.executable, "-c", WATCH, "watch", "random", "--game", "survive", "--no-open"]
    process = subprocess.Popen(
        [*command, "--knobs", *PEACE],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        # The first time the simulator is compiled.
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture
def live(page, address):
    page.goto(address)
    page.wait_for_function("window.metammoStats?.frame > 0", timeout=60_000)
    return page


def go(page, key):
    """Ask for a move and end the turn; return whether the agent went there, or stayed."""
    fact = page.locator("#agent .facts div", has_text="Tile")
    row, col = (int(part) for part in fact.inner_text().split("\n")[1].split(","))
    down, across = MOVES[key]
    frame = page.evaluate("metammoStats.frame")
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_function(f"metammoStats.frame > {frame}")
    try:
        # The panel is written some moments after the frame.
        fact.get_by_text(f"{row + down}, {col + across}").wait_for(timeout=5000)
    except playwright.TimeoutError:
        fact.get_by_text(f"{row}, {col}").wait_for(timeout=1000)
        return False
    return True


def test_frames_come_and_can_be_gone_back_to(live):
    frame = live.evaluate("metammoStats.frame")
    live.wait_for_function(f"metammoStats.frame > {frame + 3}", timeout=30_000)
    live.keyboard.press("Home")
    live.wait_for_function("metammoStats.frame === 0")
    live.get_by_role("button", name="Live", exact=True, pressed=False).click()
    live.wait_for_function(f"metammoStats.frame > {frame}")
    live.get_by_role("button", name="Live", exact=True, pressed=True).wait_for()


def test_the_server_pauses_steps_and_goes_faster(live):
    live.get_by_role("button", name="Pause").click()
    live.get_by_role("button", name="Play").wait_for()
    live.wait_for_timeout(1000)
    frame = live.evaluate("metammoStats.frame")
    live.keyboard.press("ArrowRight")
    live.wait_for_function(f"metammoStats.frame === {frame + 1}")
    live.keyboard.press("]")
    live.locator("#speed", has_text="2×").wait_for()
    live.keyboard.press("[")
    live.locator("#speed", has_text="1×").wait_for()
    live.keyboard.press("Space")
    live.wait_for_function(f"metammoStats.frame > {frame + 2}")


def test_the_scrubber_of_a_page_that_joins_late_stands_at_the_newest_tick(live):
    live.wait_for_function("metammoStats.frame > 5", timeout=30_000)
    live.get_by_role("button", name="Pause").click()
    live.get_by_role("button", name="Play").wait_for()
    live.wait_for_timeout(500)
    live.reload()
    live.wait_for_function("window.metammoStats?.frame > 5", timeout=60_000)
    live.wait_for_function("document.querySelector('#scrub').max == metammoStats.frame")
    assert live.locator("#scrub").input_value() == live.locator("#scrub").get_attribute("max")
    live.keyboard.press("Space")
    live.get_by_role("button", name="Pause").wait_for()


def test_a_person_takes_an_agent_moves_it_and_leaves(live):
    live.keyboard.press("j")
    live.get_by_role("button", name="Take over").click()
    seat = live.get_by_role("region", name="Your agent")
    seat.get_by_role("heading", name="You play").wait_for()
    live.keyboard.press("p")
    live.get_by_role("button", name="By turns").wait_for()
    live.get_by_role("button", name="End turn").wait_for()
    # What was on its way is still to be drawn.
    frame, before = live.evaluate("metammoStats.frame"), None
    while frame != before and frame < 1000:
        live.wait_for_timeout(1000)
        frame, before = live.evaluate("metammoStats.frame"), frame
    live.wait_for_timeout(1500)
    assert live.evaluate("metammoStats.frame") == frame, "the game went on without its person"
    # The keys are the game's at once: none presses the button that took the agent.
    assert live.evaluate("document.activeElement.id") == "stage"
    live.keyboard.press("2")
    seat.get_by_role("button", name="2 range", pressed=True).wait_for()
    # Something may stand in the way of some, but not of all.
    gone = [go(live, key) for key in MOVES]
    assert any(gone)
    live.keyboard.press("q")
    seat.wait_for(state="hidden")
    live.get_by_role("button", name="Take over").wait_for()
    live.keyboard.press("p")
    live.wait_for_function(f"metammoStats.frame > {frame + 6}", timeout=30_000)
