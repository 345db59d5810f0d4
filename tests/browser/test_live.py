"""The live page of a real local stack, while things go through it."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from support.browser import barriers
from support.pictures import picture
from support.world import World, world

from batchkit.local.faults import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from support.browser import Eye

HOSTILE = "uploads/<img src=x onerror=alert(1)>.jpg"
SCRIPT = "</pre><script>alert('ran')</script>"


@pytest.fixture(scope="module")
def photos() -> Iterator[World]:
    """A stack whose first write to a table is throttled."""
    with world(faults=parse("throttle@PutItem:1")) as running:
        yield running


@pytest.fixture
def live(page: Page, photos: World) -> Page:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(photos.sandbox.stack.live_page)
    expect(page.locator("#connection")).to_have_text("live")
    return page


@pytest.fixture
def used(live: Page, photos: World) -> Page:
    """The page of a stack through which something has gone, whichever test is the first."""
    if not photos.items(HOSTILE):
        photos.put(HOSTILE, picture())
    expect(live.locator("#messages > li")).not_to_have_count(0)
    expect(live.locator("#jobs summary")).not_to_have_count(0)
    return live


def test_an_upload_is_seen_while_it_happens(live: Page, photos: World) -> None:
    expect(live.locator("#jobs")).to_contain_text("Put a file into the upload bucket")

    photos.put(HOSTILE, picture())

    created = live.locator("#flow > li", has_text="Object Created").filter(has_text=HOSTILE)
    step = created.locator(".step", has_text="batch photos-upload")
    expect(step).to_contain_text(f"detail.object.key = {HOSTILE}")
    job = live.locator("#jobs details")
    expect(job.locator("summary")).to_contain_text("array of 3")
    expect(job.locator("summary bdi")).to_have_text(HOSTILE)
    expect(job.locator("summary time")).to_have_count(1)
    job.locator("summary").click()
    expect(job.locator("summary")).to_contain_text("SUCCEEDED")
    expect(job.get_by_role("button")).to_have_text([re.compile(f"child {n}.*SUCCEEDED") for n in range(3)])
    expect(job.locator("p").first).to_have_text("3 SUCCEEDED")
    finished = live.locator("#flow > li", has_text="Run Finished")
    expect(finished.locator(".step", has_text="sns photos")).to_have_count(1)
    expect(live.locator("#messages")).to_contain_text("SUCCEEDED")
    expect(live.locator("#queues > li", has_text="photos-upload").locator("progress").first).to_be_visible()


def test_what_goes_wrong_on_purpose_is_told(used: Page) -> None:
    expect(used.locator("#settings")).to_have_text("On purpose: throttle@PutItem:1")
    expect(used.locator("#faults")).to_contain_text("dynamodb throttled on purpose")


def test_a_log_grows_while_it_is_read_and_nothing_in_it_moves(used: Page, photos: World) -> None:
    open_first_log(used)
    text = used.locator("#attempts pre").first
    expect(text).to_contain_text("{")
    stream = text.locator("xpath=preceding-sibling::small").inner_text()
    write = photos.sandbox.stack.logs.write_now
    write("/batchkit/photos/worker", stream, [f"line {number}" for number in range(600)])
    expect(text).to_contain_text("line 599")
    expect(text).to_contain_text("lines are not shown")
    assert text.evaluate("(one) => one.scrollHeight - one.scrollTop - one.clientHeight") < 8

    text.evaluate("(one) => { one.scrollTop = 100; getSelection().selectAllChildren(one); }")
    marked = used.evaluate("String(getSelection())")
    text.focus()
    write("/batchkit/photos/worker", stream, [SCRIPT])
    expect(text).to_contain_text(SCRIPT)

    assert text.evaluate("(one) => one.scrollTop") == 100
    assert used.evaluate("String(getSelection())").startswith(marked)
    expect(text).to_be_focused()
    assert barriers(used) == []
    used.keyboard.press("Escape")
    expect(used.locator("#logs")).to_be_hidden()


def test_the_focus_and_a_selection_stay_where_they_are_when_the_next_upload_comes(
    used: Page, photos: World
) -> None:
    before = used.locator("#jobs summary").count()
    used.locator("#jobs summary").first.click()
    child = used.get_by_role("button", name=re.compile("child 1"))
    child.focus()
    used.evaluate("getSelection().selectAllChildren(document.querySelector('#flow .subject'))")
    marked = used.evaluate("String(getSelection())")

    photos.put("uploads/next.jpg", picture())
    expect(used.locator("#jobs summary")).to_have_count(before + 1)
    expect(used.locator("#messages > li")).to_have_count(before + 1)

    expect(child).to_be_focused()
    assert used.evaluate("String(getSelection())") == marked != ""


def test_names_from_the_world_are_text_and_nothing_else(used: Page, photos: World) -> None:
    clients = photos.sandbox.clients
    detail = json.dumps({"jobName": HOSTILE, "status": SCRIPT})
    clients.events.put_events(Entries=[{"Source": SCRIPT, "DetailType": HOSTILE, "Detail": detail}])

    expect(used.locator("#flow b", has_text=HOSTILE)).to_have_text(HOSTILE)
    expect(used.locator("#flow .subject").first).to_have_text(f"{HOSTILE} {SCRIPT}")
    expect(used.locator("#messages pre", has_text=HOSTILE)).to_have_count(1)
    assert used.locator("main img, main script").count() == 0


def test_a_name_that_turns_text_around_turns_only_itself(used: Page, photos: World) -> None:
    photos.sandbox.clients.events.put_events(
        Entries=[{"Source": "after.it", "DetailType": "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "Detail": "{}"}]
    )

    row = used.locator("#flow > li", has_text="after.it")
    name, source = row.locator("b").first.bounding_box(), row.locator("span").first.bounding_box()
    assert name is not None
    assert source is not None
    assert name["x"] + name["width"] <= source["x"]


def test_of_a_long_name_two_lines_are_shown_and_the_rest_on_demand(used: Page, photos: World) -> None:
    detail = json.dumps({"jobName": "long/" + "name/" * 200, "status": "FAILED"})
    photos.sandbox.clients.events.put_events(
        Entries=[{"Source": "long", "DetailType": "Long", "Detail": detail}]
    )

    subject = used.locator("#flow .subject", has_text="name/name")
    name = subject.locator("bdi")
    closed = name.bounding_box()
    subject.locator("summary").click()
    opened = name.bounding_box()
    assert closed is not None
    assert opened is not None
    assert closed["height"] < 60 < opened["height"]
    expect(name).to_contain_text("FAILED")


def test_what_was_not_delivered_is_told_once_in_full(used: Page) -> None:
    show = """async () => (await import("./flow.js")).show({
      kind: "dead-letter", at: 1, text: `up: NO_PERMISSIONS: ${"x".repeat(2000)} (buried)`, rule: "up",
      target: "batch photos-upload", event: { id: "lost", source: "s", type: "Lost", subject: "a.jpg" },
    })"""
    used.evaluate(show)

    expect(used.locator("#letters")).to_contain_text("NO_PERMISSIONS")
    row = used.locator("#flow > li", has_text="Lost")
    expect(row.locator(".bad")).to_have_text("dead letter: up → batch photos-upload")
    assert barriers(used) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_keeps_nobody_out(used: Page, scheme: str) -> None:
    used.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    used.locator("#jobs summary").first.click()
    expect(used.get_by_role("button", name=re.compile("child 0"))).to_be_visible()
    assert barriers(used) == []
    open_first_log(used)
    assert barriers(used) == []


def test_a_phone_shows_all_of_it_without_scrolling_sideways(used: Page) -> None:
    used.set_viewport_size({"width": 360, "height": 740})
    sideways = "document.documentElement.scrollWidth > innerWidth"
    expect(used.locator("#flow > li").first).to_be_visible()
    assert not used.evaluate(sideways)
    open_first_log(used)
    expect(used.get_by_role("button", name="Close")).to_be_in_viewport()
    assert not used.evaluate(sideways)
    assert barriers(used) == []


def test_the_keyboard_opens_an_array_a_log_and_comes_back(used: Page) -> None:
    used.locator("#jobs summary").first.focus()
    used.keyboard.press("Enter")
    child = used.get_by_role("button", name=re.compile("child 0"))
    expect(child).to_be_visible()
    used.keyboard.press("Tab")
    expect(child).to_be_focused()
    used.keyboard.press("Enter")
    expect(used.locator("#logs")).to_be_visible()
    used.keyboard.press("Escape")
    expect(child).to_be_focused()


def test_a_page_of_another_origin_reads_nothing_of_it(page: Page, eye: Eye, photos: World) -> None:
    eye.allowed += ["blocked", "Failed to load", "403", "Refused", "frame"]
    with stranger() as elsewhere:
        page.goto(elsewhere)
        assert page.evaluate(ATTACK, photos.sandbox.stack.live_page) == {
            "fetch": "refused", "blind": "refused", "stream": "refused", "script": "refused",
        }  # fmt: skip


def test_a_name_that_was_rebound_to_this_machine_is_not_answered(chromium: Browser, photos: World) -> None:
    context = chromium.new_context()
    page = context.new_page()
    port = photos.sandbox.stack.endpoint.rpartition(":")[2]
    answer = page.goto(f"http://rebound.example:{port}/_batchkit/")
    assert answer is not None
    assert answer.status == 403
    assert page.locator("main").count() == 0
    context.close()


def open_first_log(live: Page) -> None:
    child = live.get_by_role("button", name=re.compile("child 0")).first
    if not child.is_visible():
        live.locator("#jobs summary").last.click()
    child.click()
    expect(live.locator("#logs pre").first).to_be_visible()


# What a page of somebody else gets to know: by CORS, without it, as a stream, as a script.
ATTACK = """async (page) => {
  const tried = (promise) => promise.then((answer) => answer.type, () => "refused");
  const source = new EventSource(`${page}events`);
  const script = Object.assign(document.createElement("script"), { src: `${page}live.js`, type: "module" });
  const heard = (target) => new Promise((resolve) => {
    target.onerror = () => resolve("refused");
    target.onopen = target.onload = () => resolve("read");
  });
  const [stream, ran] = [heard(source), heard(script)];
  document.head.append(script);
  const found = {
    fetch: await tried(fetch(`${page}children?job=x`)),
    blind: await tried(fetch(page, { mode: "no-cors" })),
    stream: await stream,
    script: await ran,
  };
  source.close();
  return found;
}"""


@contextmanager
def stranger() -> Iterator[str]:
    """The address of a page of another origin on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href='data:,'><title>Elsewhere</title>")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
