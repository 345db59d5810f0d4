"""Makes docs/images anew: the pages, filled by a real run of the example project. `make screenshots`."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from batchkit.aws.objects import Objects
from batchkit.gallery.server import serving
from batchkit.local import showcase
from batchkit.local.sandbox import Options, sandbox
from batchkit.local.showcase import Endings
from batchkit.project import load
from batchkit.resources import path

IMAGES = Path(__file__).parent / "images"
SEED = 7
PATIENCE = 300.0
QUALITY = 70


def main() -> None:
    """Run the example's samples through a local stack, and take the pictures."""
    project, endings = load(path("examples/photos/batchkit.toml"), Path.cwd()), Endings()
    with tempfile.TemporaryDirectory() as folder, sandbox(project, Options(observe=endings)) as running:
        samples = project.recipe.job.samples(Path(folder), SEED)  # type: ignore[attr-defined]
        uploads = list(showcase.upload(running, samples))
        endings.wait((one.key for one in uploads), PATIENCE)
        running.stack.drain(PATIENCE)
        objects, bucket = Objects(running.clients.s3), project.output.bucket
        with serving(objects, bucket) as server, chromium() as browser:
            gallery(browser, server.url)


def gallery(browser: Browser, url: str) -> None:
    """The grid, one source, and both on a phone in the dark."""
    page = browser.new_page(viewport={"width": 1200, "height": 760})
    page.goto(url)
    expect(page.locator(".card").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    take(page, "gallery")
    page.locator(".card:has(img)").first.click()
    expect(page.get_by_role("dialog").locator(".loaded")).to_be_visible()
    page.get_by_role("dialog").evaluate("(one) => one.scrollTo(0, 420)")
    take(page, "gallery-source")
    page.close()
    phone = browser.new_page(viewport={"width": 380, "height": 720}, color_scheme="dark")
    phone.goto(url)
    expect(phone.locator(".card").first).to_be_visible()
    phone.wait_for_load_state("networkidle")
    take(phone, "gallery-phone")
    phone.close()


def take(page: Page, name: str) -> None:
    """The window as a small WebP, once all that moves stands still."""
    body = page.screenshot(animations="disabled")
    with Image.open(io.BytesIO(body)) as image:
        image.save(IMAGES / f"{name}.webp", quality=QUALITY, method=6)


@contextmanager
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise SystemExit("there is no Chromium here: .ci/browser installs it on Debian")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


if __name__ == "__main__":
    main()
