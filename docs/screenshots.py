"""Makes docs/images anew: the pages, filled by real runs of the example project. `make screenshots`."""

from __future__ import annotations

import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from batchkit.aws.objects import Objects
from batchkit.gallery.server import serving
from batchkit.local import showcase
from batchkit.local.faults import parse as faults_of
from batchkit.local.sandbox import Options, sandbox
from batchkit.local.showcase import Endings
from batchkit.project import Project, load
from batchkit.resources import path

IMAGES = Path(__file__).parent / "images"
SEED = 7
PATIENCE = 300.0
QUALITY = 70


# The share of attempts in the reported run that lose their host.
RECLAIMED = 0.15
COPIES = 12


def main() -> None:
    """Take the pictures of an upload of the example's samples, and of a backfill of many of them."""
    project = load(path("examples/photos/batchkit.toml"), Path.cwd())
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        samples = project.recipe.job.samples(folder, SEED)  # type: ignore[attr-defined]
        uploaded(browser, project, samples)
        backfilled(browser, project, samples, folder)


def uploaded(browser: Browser, project: Project, samples: Sequence[Path]) -> None:
    endings, faults = Endings(), faults_of("throttle@PutItem:2,seed=7")
    with sandbox(project, Options(observe=endings, faults=faults)) as running:
        uploads = list(showcase.upload(running, samples))
        endings.wait((one.key for one in uploads), PATIENCE)
        running.stack.drain(PATIENCE)
        live(browser, running.stack.live_page)
        with serving(Objects(running.clients.s3), project.output.bucket) as server:
            gallery(browser, server.url)


def backfilled(browser: Browser, project: Project, samples: Sequence[Path], folder: Path) -> None:
    """A bulk run of what was there before there was a rule for uploads, with hosts that go away."""
    settings = path("examples/photos/batchkit.toml").read_text()
    config = folder / "batchkit.toml"
    config.write_text(settings.replace("[upload]", '[upload]\nprefix = "uploads/"'))
    with sandbox(load(config, folder), Options(faults=faults_of(f"spot={RECLAIMED},seed={SEED}"))) as running:
        for number, sample in itertools.product(range(COPIES), samples):
            key = f"archive/{number:02d}/{sample.name}"
            running.clients.s3.put_object(Bucket=project.upload.bucket, Key=key, Body=sample.read_bytes())
        page = folder / "report.html"
        batchkit = partial(command, folder, running.stack.environment)
        source = f"s3://{project.upload.bucket}/archive/"
        batchkit("submit", source, "--seconds-per-child", "2", "--yes", "--wait")
        (run,) = json.loads(batchkit("runs", "--output", "json"))
        batchkit("report", run["run"], "--out", str(page))
        report(browser, page.as_uri())


def command(folder: Path, variables: Mapping[str, str], *words: str) -> str:
    """What a batchkit command prints; exit codes above 0 are a run's own."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    line = [Path(sys.executable).parent / "batchkit", *words]
    return subprocess.run(
        line, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False
    ).stdout


def live(browser: Browser, url: str) -> None:
    """The live page, an array opened."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(url)
    page.locator("#jobs summary").first.click()
    expect(page.locator("#jobs details[open] button").first).to_be_visible()
    expect(page.locator("#messages > li").first).to_be_visible()
    take(page, "live")
    page.close()


def report(browser: Browser, url: str) -> None:
    """The top of a run's report: facts, throughput, children."""
    page = browser.new_page(viewport={"width": 1040, "height": 1180})
    page.goto(url)
    expect(page.locator("svg.timeline")).to_be_visible()
    take(page, "report")
    page.close()


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
