"""The gallery as people see it: filled by real runs, served and exported, in a real Chromium."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from support.browser import barriers
from support.bulk import submit
from support.captioned import described
from support.gallery import filled
from support.moto_world import World as Moto
from support.moto_world import moto_clients
from support.pictures import picture
from support.world import PROJECT, World, world

from batchkit.gallery.changing import Files
from batchkit.gallery.exporting import Exporter
from batchkit.gallery.server import serving
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

RECIPE = """
[gallery]
url = "https://images.example.org/"

[job]
uses = "support.captioned:Captioned"

[[job.variants]]
name = "card"
resize = { width = 320 }
format = "webp"
facts = ["blurhash", "colour"]

[[job.variants]]
name = "modern"
srcset = "photo"
widths = [320, 640]
format = "webp"

[[job.variants]]
name = "classic"
srcset = "photo"
widths = [320, 640]
format = "jpeg"
"""
BATCHKIT = Path(sys.executable).parent / "batchkit"
HOSTILE = "<img src=x onerror=alert(1)> & 'friends'.jpg"
CAPTION = '"><script>alert(document.domain)</script>'
COLOURS = ("tomato", "orchid")


@pytest.fixture(scope="module")
def photos() -> Iterator[World]:
    """Uploads good, hostile, corrupt and refused, and a backfill: all through the local stack."""
    with world(PROJECT[: PROJECT.index("[job]")] + RECIPE) as running:
        for name in COLOURS:
            running.put(f"uploads/holiday/{name}.jpg", picture(640, 480, name))
        running.put(f"uploads/{HOSTILE}", described(picture(800, 600, "gold"), CAPTION))
        running.put("uploads/corrupt.jpg", picture(800, 600)[:2000])
        running.put("uploads/movie.mp4", b"no picture")
        running.quiet()
        submit(running, "b-backfill", ["uploads/holiday/tomato.jpg", "uploads/gone.jpg"], per_child=12)
        running.quiet()
        yield running


@pytest.fixture(scope="module")
def url(photos: World) -> Iterator[str]:
    with serving(photos.objects, "photos-variants") as server:
        yield server.url


@pytest.fixture
def moto() -> Iterator[Moto]:
    with moto_clients() as clients:
        yield Moto(clients)


@pytest.fixture
def gallery(page: Page, url: str) -> Page:
    page.goto(url)
    expect(page.get_by_role("status").first).to_have_text("6 sources")
    return page


def cards(page: Page) -> list[str]:
    return page.locator(".card .name").all_inner_texts()


def source(url: str, key: str) -> str:
    return f"{url}#source={names.source_id('photos-originals', key)}"


def test_every_source_has_a_card_with_its_picture_or_its_outcome(gallery: Page) -> None:
    assert sorted(cards(gallery)) == sorted(
        [f"{name}.jpg" for name in COLOURS] + [HOSTILE, "corrupt.jpg", "movie.mp4", "gone.jpg"]
    )
    expect(gallery.locator(".picture.loaded")).to_have_count(3)
    assert gallery.locator(".card canvas").count() == 3
    for name, outcome in (("corrupt", "rejected"), ("movie", "rejected"), ("gone", "rejected")):
        expect(gallery.locator(".card", has_text=name).locator(".badge")).to_have_text(outcome)


def test_search_and_filters_show_what_was_asked_for_and_stay_in_the_address(gallery: Page) -> None:
    gallery.get_by_label("Search").fill("HOLIDAY jpg")
    expect(gallery.get_by_role("status").first).to_have_text("2 of 6 sources")
    gallery.get_by_label("Order").select_option("name")
    expect(gallery.locator(".card .name").first).to_have_text("orchid.jpg")
    expect(gallery).to_have_url(re.compile(re.escape("q=HOLIDAY+jpg&order=name")))
    gallery.get_by_label("Search").fill("")
    gallery.get_by_label("Outcome").select_option("rejected")
    expect(gallery.get_by_role("status").first).to_have_text("3 of 6 sources")
    gallery.get_by_label("Job").select_option("support.captioned:Captioned")
    gallery.reload()
    expect(gallery.get_by_role("status").first).to_have_text("3 of 6 sources")
    gallery.get_by_label("Search").fill("nothing is called like this")
    expect(gallery.locator("#nothing")).to_be_visible()


def test_a_run_shows_what_it_touched(page: Page, url: str) -> None:
    page.goto(f"{url}#q=run:b-backfill")
    expect(page.locator(".card")).to_have_count(2)


def test_a_deep_link_opens_a_source_with_all_that_is_known(page: Page, url: str) -> None:
    page.goto(source(url, "uploads/holiday/tomato.jpg"))
    dialog = page.get_by_role("dialog", name="tomato.jpg")
    expect(dialog.locator(".picture.large.loaded")).to_be_visible()
    row = dialog.get_by_role("row").filter(has=page.get_by_role("rowheader", name="classic-640"))
    expect(row).to_contain_text(re.compile("640 . 480"))
    expect(row).to_contain_text("%")
    expect(row.get_by_role("cell").nth(4)).to_have_text(re.compile(r"^\d+$"))
    expect(dialog.locator(".history li")).to_have_count(2)
    expect(dialog.locator(".history")).to_contain_text("bulk run b-backfill")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".card:focus .name")).to_have_text("tomato.jpg")
    expect(page).not_to_have_url(re.compile("source="))


@pytest.mark.parametrize(
    ("key", "reason"), [("corrupt.jpg", "Truncated"), ("movie.mp4", "WrongType"), ("gone.jpg", "SourceGone")]
)
def test_a_rejected_source_says_why(page: Page, url: str, key: str, reason: str) -> None:
    page.goto(source(url, f"uploads/{key}"))
    expect(page.get_by_role("dialog").locator(".reason strong").first).to_have_text(reason)


def test_names_and_exif_from_the_world_are_text_and_nothing_else(page: Page, url: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"the page ran what it showed: {dialog.message}"))
    page.goto(source(url, f"uploads/{HOSTILE}"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(HOSTILE)
    expect(dialog.locator(".notes").first).to_contain_text(CAPTION)
    expect(dialog.locator(".picture.large.loaded")).to_be_visible()
    assert page.locator("img[src='x'], dialog script").count() == 0


def test_the_markup_is_copied_escaped_and_a_browser_finds_in_it_what_was_meant(
    page: Page, url: str, chromium: Browser
) -> None:
    page.goto(source(url, f"uploads/{HOSTILE}"))
    page.get_by_label("Text for those who do not see it").fill('a "gold" <plate>')
    page.get_by_role("button", name="Copy").click()
    expect(page.locator(".copying")).to_contain_text("Copied.")
    markup = page.evaluate("navigator.clipboard.readText()")

    reader = chromium.new_page(java_script_enabled=True)
    reader.route("**/*", lambda route: route.abort())
    reader.set_content(markup)
    found = reader.evaluate("[...document.body.querySelectorAll('*')].map((one) => one.localName)")
    image = reader.locator("img")
    name = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%20%26%20'friends'.jpg"
    base = f"https://images.example.org/uploads/{name}"
    assert found == ["picture", "source", "img"]
    assert image.get_attribute("alt") == 'a "gold" <plate>'
    assert image.get_attribute("src") == f"{base}/classic-640.jpg"
    assert image.get_attribute("srcset") == f"{base}/classic-320.jpg 320w, {base}/classic-640.jpg 640w"
    assert (reader.locator("source").get_attribute("srcset") or "").endswith("modern-640.webp 640w")
    reader.close()


def test_the_candidates_of_the_markup_can_be_chosen(page: Page, url: str) -> None:
    page.goto(source(url, "uploads/holiday/orchid.jpg"))
    code = page.get_by_label("Markup")
    expect(code).to_have_value(re.compile("modern-320"))
    expect(code).not_to_have_value(re.compile("card"))
    page.get_by_label("modern-320").uncheck()
    page.get_by_label("card").check()
    expect(code).not_to_have_value(re.compile("modern-320"))
    expect(code).to_have_value(re.compile("card.webp"))


def test_the_keyboard_goes_through_the_grid_and_into_a_source(gallery: Page) -> None:
    gallery.locator(".card").first.focus()
    gallery.keyboard.press("ArrowRight")
    gallery.keyboard.press("End")
    last = gallery.locator("li", has=gallery.locator(".card:focus"))
    expect(last).to_have_attribute("aria-posinset", "6")
    expect(last).to_have_attribute("aria-setsize", "6")
    gallery.keyboard.press("Enter")
    expect(gallery.get_by_role("dialog")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(page: Page, url: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(url)
    expect(page.locator(".picture.loaded")).to_have_count(3)
    assert barriers(page) == []
    page.goto(source(url, "uploads/holiday/tomato.jpg"))
    expect(page.get_by_role("dialog").locator(".picture.loaded")).to_be_visible()
    assert barriers(page) == []


def test_a_phone_shows_all_of_it_without_scrolling_sideways(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(url)
    expect(page.locator(".card").first).to_be_visible()
    sideways = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(sideways)
    page.goto(source(url, f"uploads/{HOSTILE}"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Close")).to_be_in_viewport()
    assert not dialog.evaluate("(one) => one.scrollWidth > one.clientWidth")
    assert barriers(page) == []


def test_an_exported_gallery_opens_from_a_disk(photos: World, page: Page, tmp_path: Path) -> None:
    files = Files(photos.objects, "photos-variants")
    exported = Exporter(photos.objects, files, "photos-variants", tmp_path).export("photos", "")
    assert (exported.sources, exported.outputs) == (6, 15)

    page.goto((tmp_path / "index.html").as_uri())

    expect(page.get_by_role("status").first).to_have_text("6 sources")
    expect(page.locator(".picture.loaded")).to_have_count(3)
    page.locator(".card", has_text="onerror").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".picture.large.loaded")).to_be_visible()
    expect(dialog.locator(".notes").first).to_contain_text(CAPTION)
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.locator(".copying")).to_contain_text("Copied.")
    expect(page.get_by_label("Markup")).to_have_value(re.compile('src="/uploads/%3Cimg'))


def test_the_command_tells_where_it_is_makes_it_anew_and_exports_it(photos: World, tmp_path: Path) -> None:
    (tmp_path / "batchkit.toml").write_text(PROJECT[: PROJECT.index("[job]")] + RECIPE)
    environ = {"PYTHONPATH": "tests", "PATH": os.environ["PATH"], **photos.sandbox.stack.environment}

    def gallery(*options: str) -> dict[str, object]:
        command = [BATCHKIT, "gallery", "--output", "json", *options]
        config = ["--config", str(tmp_path / "batchkit.toml")]
        done = subprocess.run([*command, *config], env=environ, capture_output=True, check=True)
        return dict(json.loads(done.stdout))

    told = {
        "page": "s3://photos-variants/_gallery/index.html",
        "url": "https://images.example.org/_gallery/index.html",
        "enabled": True,
        "deployed": True,
        "sources": 6,
    }
    assert gallery() == told
    assert gallery("--rebuild") == told
    exported = gallery("--export", str(tmp_path / "out"))
    assert (exported["sources"], exported["outputs"]) == (6, 15)
    assert (tmp_path / "out" / "index.html").is_file()


def test_ten_thousand_sources_scroll_and_are_searched_without_jank(moto: Moto, page: Page) -> None:
    filled(moto.objects, moto.outputs, 10_000)
    with serving(moto.objects, moto.outputs) as server:
        page.goto(server.url)
        expect(page.get_by_role("status").first).to_have_text("10,000 sources")
        page.evaluate(WATCH)
        page.evaluate(SCROLL)
        page.get_by_label("Search").press_sequentially("_0000042.")
        expect(page.get_by_role("status").first).to_have_text("1 of 10,000 sources")
        assert page.evaluate("document.querySelectorAll('*').length") < 2_000
        # Whatever a machine is busy with, what the page itself does at once is counted in elements, not time.
        assert page.evaluate("watched.most") < 150
        page.get_by_label("Search").fill("")
        expect(page.get_by_role("status").first).to_have_text("10,000 sources")
        page.locator(".card").first.focus()
        page.keyboard.press("End")
        expect(page.locator("li", has=page.locator(".card:focus"))).to_have_attribute(
            "aria-posinset", "10000"
        )


# The most cards that are made between two frames.
WATCH = """() => {
  globalThis.watched = { most: 0 };
  new MutationObserver((changes) => {
    const made = changes.reduce((sum, change) => sum + change.addedNodes.length, 0);
    watched.most = Math.max(watched.most, made);
  }).observe(document.getElementById("grid"), { childList: true });
}"""

# From the top to the bottom in sixty frames.
SCROLL = """async () => {
  const height = document.documentElement.scrollHeight;
  for (let step = 0; step <= 60; step += 1) {
    scrollTo(0, (height * step) / 60);
    await new Promise(requestAnimationFrame);
  }
}"""


def test_an_empty_gallery_says_what_to_wait_for(moto: Moto, page: Page) -> None:
    filled(moto.objects, moto.outputs, 0)
    with serving(moto.objects, moto.outputs) as server:
        page.goto(server.url)
        expect(page.locator("#nothing")).to_contain_text("As soon as a run has finished")
