"""The viewer in a real browser: it loads, plays, scrubs, selects, and complains of nothing.

Needs the built viewer (`make viewer`), playwright and Chromium; says which one is missing. Pictures
go to a temporary folder, or to the one that METAMMO_SCREENSHOTS names.
"""

import base64
import os
from pathlib import Path

import numpy as np
import pytest

from metammo.evaluation.match import Table
from metammo.policies.hub import load_policy
from metammo.replay.format import write_replay
from metammo.replay.neural_mmo import read_neural_mmo
from metammo.replay.recorder import Recorder
from tests.contract.batches import make_batch, mix_of
from tests.replay.files import reference
from tests.viewer.files import DIST, make_replay, page_of

FRAME_LIMIT = 6.0
"""Milliseconds of script a frame, at 400 entities; the median over a few seconds of play."""
FIRST_LIMIT = 2000.0
"""Milliseconds from opening a page to the first picture of its replay; the median of three."""
CONTRAST = 4.5
"""Of text to its background, as WCAG's level AA asks."""
PUBLISHED = ("full_multitaskeval", "mini_kingofthehill", "mini_sandwich")
"""The largest of the published replays, one with teams, and the one with the most entities."""
OURS = ("king_of_the_hill", "race_to_center")
LOOKED_AT = (PUBLISHED[0], PUBLISHED[1], OURS[0])
VIEWS = (
    *(("dark", (1280, 720)), ("light", (1440, 900))),
    *(("light", (900, 600)), ("dark", (480, 800))),
)
COUNT_TEXTURES = """() => {
  window.textures = 0;
  const { prototype } = WebGL2RenderingContext;
  for (const [name, by] of [["createTexture", 1], ["deleteTexture", -1]]) {
    const whole = prototype[name];
    prototype[name] = function (...given) { textures += by; return whole.apply(this, given); };
  }
}"""
MARKS = """() => {
  const canvas = document.querySelector("#marks");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const counts = [0, 0];
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] > 180 && data[at + 3] > 100) counts[data[at + 1] > 120 ? 0 : 1]++;
  }
  return counts;
}"""
"""Counts the timeline's yellow and its red pixels."""
LOOKS = Path(__file__).with_name("looks.js").read_text(encoding="utf-8")


def record(game):
    """Record an episode of scripted agents, with the driver that other tests compile."""
    batch = make_batch(1, mix_of(game, horizon=80), seed=3)
    table = Table(batch, [load_policy("scripted")])
    recorder = Recorder(batch, policies=["scripted"] * batch.agent_count, seed=3)
    while not recorder.is_over:
        recorder.step(table.actions())
    batch.close()
    return recorder.replay()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("viewer")


@pytest.fixture(scope="module")
def replays(browser, folder):
    """Return a function that gives the file of a replay, made the first time it is asked for."""
    made = {}

    def get(name):
        if name not in made:
            path = folder / f"{name}.metammo"
            if name == "made_up":
                path.write_bytes(make_replay())
            elif name in OURS:
                write_replay(path, record(name))
            else:
                source = reference(name)
                write_replay(path, read_neural_mmo(source))
                say(f"{source.name}: {kilobytes(source)}")
            say(f"{path.name}: {kilobytes(path)}")
            made[name] = path
        return made[name]

    return get


@pytest.fixture(scope="module")
def pages(replays, folder):
    """Return a function that gives the address of a page with a replay inside."""
    return lambda name: page_of(replays(name).read_bytes(), folder / f"{name}.html")


def say(line):
    print(f"\nviewer: {line}", end="")


def kilobytes(path):
    return f"{path.stat().st_size / 1000:.0f} kB"


def open_replay(page, address):
    page.goto(address)
    page.wait_for_function("window.metammoStats?.frameCount > 0", timeout=60_000)


def seek(page, frame):
    page.locator("#scrub").evaluate(
        "(bar, frame) => { bar.value = frame; bar.dispatchEvent(new Event('input')); }", frame
    )
    page.wait_for_function("frame => metammoStats.frame === frame", arg=frame)


def settled(page, expression):
    """Return a number once it has not changed for a second; the ground is drawn bit by bit."""
    before, now = None, page.evaluate(expression)
    while now != before:
        page.wait_for_timeout(1000)
        before, now = now, page.evaluate(expression)
    return now


def redrawn(page):
    """Wait until the ground is drawn anew, and each of the four panels has had its turn.

    A turn comes with the first frame after a quarter of 250 ms: four of them take less than 400 ms,
    or eight frames where those are slow.
    """
    page.wait_for_function(
        "([count, time]) => metammoStats.frameCount >= count && performance.now() >= time",
        arg=page.evaluate("[metammoStats.frameCount + 8, performance.now() + 400]"),
    )


def view(page):
    return page.evaluate("[metammoStats.camera.x, metammoStats.camera.y, metammoStats.camera.zoom]")


def moved(page, before):
    page.wait_for_function(
        "([x, y, zoom]) => { const { camera } = metammoStats;"
        " return camera.x !== x || camera.y !== y || camera.zoom !== zoom; }",
        arg=before,
    )
    return view(page)


@pytest.mark.parametrize("name", ["made_up", *PUBLISHED, *OURS])
def test_it_loads_plays_scrubs_and_selects(name, page, pages):
    open_replay(page, pages(name))
    page.wait_for_function("metammoStats.frame > 0")
    middle = int(page.locator("#scrub").get_attribute("max")) // 2
    seek(page, middle)
    page.keyboard.press("j")
    page.wait_for_function("metammoStats.selected >= 0")
    name_of = page.locator("#agent h2").inner_text()
    page.keyboard.press("j")
    page.wait_for_function(
        "name => document.querySelector('#agent h2').innerText !== name", arg=name_of
    )
    page.keyboard.press("ArrowRight")
    page.wait_for_function("frame => metammoStats.frame === frame", arg=middle + 1)
    for key in ("i", "t", "k", "n", "o", "m", "f", "Escape", "Home"):
        page.keyboard.press(key)
    page.wait_for_function("metammoStats.frame === 0 && metammoStats.selected === -1")


def test_a_death_is_found_and_its_cause_said(page, pages):
    open_replay(page, pages("made_up"))
    seek(page, 29)
    page.keyboard.press("n")
    page.wait_for_function("metammoStats.frame === 30 && metammoStats.selected === 5")
    page.get_by_text("died: another agent").wait_for()


def test_the_mouse_chooses_pans_zooms_and_uses_the_map(page, pages):
    open_replay(page, pages("made_up"))
    seek(page, 10)
    stage = page.locator("#stage").bounding_box()
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    page.mouse.move(x, y)
    before = view(page)
    page.mouse.wheel(0, -600)
    zoomed = moved(page, before)
    assert zoomed[2] > before[2] * 1.5
    page.mouse.down()
    page.mouse.move(x - 120, y - 60, steps=4)
    page.mouse.up()
    panned = moved(page, zoomed)
    assert panned[0] - zoomed[0] == pytest.approx(120 / zoomed[2], rel=0.1)
    assert panned[2] == zoomed[2]
    page.locator("#minimap").click(position={"x": 30, "y": 190})
    moved(page, panned)
    # Whoever is followed stands in the middle; a click there chooses it anew.
    page.keyboard.press("j")
    page.wait_for_function("metammoStats.camera.zoom > 0.85")
    # Each picture brings it half the way nearer.
    count = page.evaluate("metammoStats.frameCount")
    page.wait_for_function("count => metammoStats.frameCount > count", arg=count + 20)
    page.keyboard.press("Escape")
    page.wait_for_function("metammoStats.selected === -1")
    page.mouse.click(x, y - 8)
    page.wait_for_function("metammoStats.selected >= 0")


def test_a_file_may_be_dropped_or_chosen(page, replays):
    page.goto((DIST / "single.html").as_uri())
    page.get_by_text("Drop a replay here").wait_for()
    text = base64.b64encode(replays("made_up").read_bytes()).decode()
    page.evaluate(
        """text => {
          const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([bytes], "a.metammo"));
          for (const kind of ["dragover", "drop"]) {
            window.dispatchEvent(new DragEvent(kind, { dataTransfer, cancelable: true }));
          }
        }""",
        text,
    )
    page.wait_for_function("window.metammoStats?.frameCount > 3")
    assert "team battle" in page.locator("#title").inner_text()
    page.reload()
    page.wait_for_function("window.metammoStats !== undefined")
    page.locator("#open").set_input_files(replays("made_up"))
    page.wait_for_function("metammoStats.frameCount > 3")


def test_a_kill_and_the_death_of_the_same_tick_are_both_on_the_timeline(page, pages):
    open_replay(page, pages("made_up"))
    yellow, red = page.evaluate(MARKS)
    assert yellow > 0
    assert red > 0


def test_the_end_says_who_won_and_hides_no_complaint(page, pages):
    open_replay(page, pages("made_up"))
    notice, crown = page.locator("#notice"), page.get_by_role("img", name="winner")
    seek(page, 59)
    notice.wait_for(state="hidden")
    assert crown.count() == 0
    page.keyboard.press("End")
    notice.get_by_text("Team A (walker) wins.").wait_for()
    crown.wait_for()
    file = {"name": "a.metammo", "mimeType": "application/octet-stream", "buffer": b"nothing"}
    page.locator("#open").set_input_files(file)
    page.locator("#error").wait_for()
    above, below = notice.bounding_box(), page.locator("#error").bounding_box()
    assert above["y"] + above["height"] <= below["y"]


def test_a_narrow_window_has_one_of_the_two_columns(page, pages):
    page.set_viewport_size({"width": 900, "height": 600})
    open_replay(page, pages("made_up"))
    scores, agent = page.locator("#scores"), page.locator("#agent")
    page.get_by_role("tab", name="Map, agent").click()
    scores.wait_for(state="hidden")
    page.get_by_role("tab", name="Scores").click()
    agent.wait_for(state="hidden")
    # Who is chosen is shown.
    page.keyboard.press("j")
    agent.get_by_role("heading", name="A0").wait_for()
    scores.wait_for(state="hidden")


def test_the_help_opens_and_closes(page, pages):
    open_replay(page, pages("made_up"))
    help_text = page.get_by_role("dialog")
    for key in ("?", "Escape"):
        page.keyboard.press("?")
        help_text.wait_for()
        page.keyboard.press(key)
        help_text.wait_for(state="hidden")
    page.locator("#help-button").click()
    help_text.get_by_role("button", name="Close").click()
    help_text.wait_for(state="hidden")


def test_the_keyboard_reaches_every_control(page, pages):
    open_replay(page, pages("made_up"))
    seek(page, 10)
    page.evaluate(LOOKS)
    wanted = page.evaluate("looks.controls()")
    page.evaluate("document.activeElement.blur()")
    reached, without_ring = set(), []
    for _ in range(len(wanted) + 10):
        page.keyboard.press("Tab")
        focused = page.evaluate("looks.focused()")
        if focused is not None:
            reached.add(focused["name"])
            if not focused["isRinged"]:
                without_ring.append(focused["name"])
    assert set(wanted) - reached == set()
    assert without_ring == []


@pytest.mark.parametrize("name", LOOKED_AT)
def test_it_looks_well(name, page, pages, folder):
    pictures = Path(os.environ.get("METAMMO_SCREENSHOTS", folder))
    pictures.mkdir(parents=True, exist_ok=True)
    open_replay(page, pages(name))
    seek(page, 40)
    page.evaluate(LOOKS)
    for part in ("whole", "near"):
        if part == "near":
            page.keyboard.press("j")
            page.wait_for_function("metammoStats.camera.zoom > 0.85", timeout=60_000)
        for theme, (wide, high) in VIEWS:
            page.set_viewport_size({"width": wide, "height": high})
            page.emulate_media(color_scheme=theme)
            redrawn(page)
            page.screenshot(path=pictures / f"{name}-{part}-{theme}-{wide}x{high}.png")
            assert page.evaluate("looks.overlaps()") == []
            assert page.evaluate("looks.cut()") == []
            assert page.evaluate("least => looks.faint(least)", CONTRAST) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= wide


@pytest.mark.timed
def test_the_largest_replay_is_soon_on_the_screen(page, pages):
    address = pages(PUBLISHED[0])
    times = []
    for _ in range(3):
        open_replay(page, address)
        times.append(page.evaluate("metammoStats.firstFrame"))
    text = ", ".join(f"{time:.0f}" for time in times)
    say(f"first frame of {PUBLISHED[0]} after {text} ms")
    assert np.median(times) < FIRST_LIMIT


@pytest.mark.timed
def test_a_frame_takes_little_script(page, pages):
    open_replay(page, pages("made_up"))
    # Textures are drawn when tiles first come into sight; what is measured is play.
    page.wait_for_timeout(4000)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.evaluate("metammoStats.frameCount = 0")
    page.wait_for_timeout(5000)
    times = page.evaluate(
        "[...metammoStats.frameTimes.slice(0, Math.min(metammoStats.frameCount, 600))]"
    )
    median = float(np.median(times))
    say(
        f"400 entities: {len(times) / 5:.0f} frames/s, script {median:.1f} ms a frame (median), "
        f"{np.percentile(times, 95):.1f} ms (95th)"
    )
    assert len(times) > 10
    assert median < FRAME_LIMIT


def test_one_replay_after_the_other_takes_no_more_of_the_gpu(page, replays):
    page.goto((DIST / "single.html").as_uri())
    page.wait_for_function("window.metammoStats !== undefined")
    page.evaluate(COUNT_TEXTURES)
    counts = []
    for _ in range(3):
        drawn = page.evaluate("metammoStats.frameCount")
        page.locator("#open").set_input_files(replays("made_up"))
        # Two frames more: one may have been drawn of the replay before.
        page.wait_for_function("drawn => metammoStats.frameCount > drawn + 2", arg=drawn)
        page.wait_for_function("metammoStats.frame < 9")
        counts.append(settled(page, "textures"))
    assert counts[0] > 0
    assert counts[-1] < 1.5 * counts[0]


def test_what_is_wrong_with_a_file_is_said_in_one_line(page, replays):
    page.goto((DIST / "single.html").as_uri())
    page.wait_for_function("window.metammoStats !== undefined")
    whole = replays("made_up").read_bytes()
    for content, words in (
        (b"PK\x03\x04 something else", "not a metammo replay"),
        (whole[: len(whole) // 2], "cut short"),
        (whole[:-1] + bytes([whole[-1] ^ 1]), "damaged"),
    ):
        file = {"name": "a.metammo", "mimeType": "application/octet-stream", "buffer": content}
        page.locator("#open").set_input_files(file)
        page.locator("#error", has_text=words).wait_for()
