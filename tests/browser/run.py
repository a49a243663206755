#!/usr/bin/env python3
"""run - the page in a real Chromium, used as a person would.

    build/venv/bin/python tests/browser/run.py [NAME]

Screenshots go to build/browser/.  Ends with `N passed, N failed, N skipped`.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "wire"))

from playwright.sync_api import sync_playwright  # noqa: E402

import training  # noqa: E402
from harness import ROOT, Server  # noqa: E402
from names import nameless  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
SHOTS = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "browser")
PICTURES = os.path.join(ROOT, "examples/pictures")


def straw():
    return os.path.join(PICTURES, next(n for n in sorted(os.listdir(PICTURES)) if "straw" in n))


class Site:
    """A server with the demo in it, and a browser."""

    def __init__(self, playwright):
        self.data = tempfile.mkdtemp(prefix="ocellus-browser-")
        program = os.environ.get("OCELLUS", os.path.join(ROOT, "build/ocellus"))
        for words in (["model", "add", "parts/1", "examples/parts.onnx", "--classes",
                       "examples/parts.names"], ["workflow", "save", "parts",
                                                 "examples/parts.json"]):
            subprocess.run([program, *words, "--data", self.data], cwd=ROOT, check=True,
                           capture_output=True)
        self.server = Server(data=self.data)
        self.url = "http://127.0.0.1:%d/" % self.server.port
        self.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

    def page(self, **how):
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, **how)
        context.grant_permissions(["clipboard-read", "clipboard-write", "camera"])
        page = context.new_page()
        page.set_default_timeout(8000)
        page.complaints, page.choosers = [], []
        page.on("filechooser", lambda chooser: page.choosers.append(chooser))
        page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        page.goto(self.url)
        until(page, "document.getElementById('definition').value !== ''")
        return page

    def close(self):
        self.browser.close()
        self.server.stop()
        shutil.rmtree(self.data, ignore_errors=True)


def until(page, expression, seconds=20):
    """Waits for an expression; the page's own policy forbids playwright's way."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        if time.monotonic() > end:
            raise AssertionError("never true: " + expression + "\n" + page.inner_text("main"))
        page.wait_for_timeout(20)


def answered(page):
    until(page, "document.getElementById('status').textContent.startsWith('Done')")


def test_drop_a_picture_and_look_inside(site):
    page = site.page()
    page.set_input_files("#picture", straw())
    answered(page)
    answer = json.loads(page.inner_text("#json"))
    assert answer[0]["model_predictions"]["top"] == "loose-straw"
    size = page.eval_on_selector("#pictures img", "i => [i.naturalWidth, i.naturalHeight]")
    assert size == [640, 480], size
    steps = page.query_selector_all("#steps > li")
    assert len(steps) == 2 and " ms" in steps[0].inner_text()
    assert steps[1].query_selector("img")
    page.screenshot(path=os.path.join(SHOTS, "light.png"), full_page=True)
    assert page.complaints == [], page.complaints


def test_the_class_is_drawn_in_the_top_left_corner(site):
    page = site.page()
    page.set_input_files("#picture", straw())
    answered(page)
    count = """image => {
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        const bright = (x, y) => {
            const data = context.getImageData(x, y, 120, 40).data;
            let n = 0;
            for (let i = 0; i < data.length; i += 4) {
                n += data[i + 2] > 140;     // blue: the plate has none
            }
            return n;
        };
        return bright(4, 2);
    }"""
    assert page.eval_on_selector("#pictures img", count) > 100
    page.query_selector("#pictures img").screenshot(path=os.path.join(SHOTS, "label.png"))


def test_dark_and_narrow(site):
    page = site.page(color_scheme="dark")
    page.set_input_files("#picture", straw())
    answered(page)
    page.screenshot(path=os.path.join(SHOTS, "dark.png"), full_page=True)
    page.set_viewport_size({"width": 400, "height": 800})
    page.screenshot(path=os.path.join(SHOTS, "narrow.png"), full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 400, wide


def test_keyboard_alone(site):
    page = site.page()
    seen = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert "workflow" in seen and "picture" in seen, seen
    page.focus("#picture")
    page.keyboard.press("Enter")
    end = time.monotonic() + 20
    while not page.choosers and time.monotonic() < end:
        page.wait_for_timeout(20)
    page.choosers[0].set_files(straw())
    answered(page)
    page.focus("#run")
    page.keyboard.press("Enter")
    answered(page)


def test_everything_has_a_name_for_screen_readers(site):
    page = site.page()
    page.set_input_files("#picture", straw())
    answered(page)
    assert nameless(page) == [], nameless(page)
    assert page.get_attribute("#status", "aria-live") == "polite"


def test_snippets_run_as_pasted(site):
    page = site.page()
    page.set_input_files("#picture", straw())
    answered(page)
    page.click("summary")
    for edited in (False, True):
        if edited:
            definition = json.loads(page.input_value("#definition"))
            definition["steps"][1]["text_scale"] = 0.8
            page.fill("#definition", json.dumps(definition))
            page.click("#run")
            answered(page)
        curl = page.inner_text("#curl")
        done = subprocess.run(["sh", "-c", curl], cwd=PICTURES, capture_output=True, text=True)
        assert "loose-straw" in done.stdout, (curl[:300], done.stdout[:300], done.stderr[:300])
        program = page.inner_text("#python")
        done = subprocess.run([sys.executable, "-c", program], cwd=PICTURES, capture_output=True,
                              text=True)
        assert "loose-straw" in done.stdout, (program, done.stderr[-600:])
    page.click("[data-copy=curl]")
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.inner_text("#curl")


def test_mistakes_are_told(site):
    page = site.page()
    page.set_input_files("#picture", straw())
    answered(page)
    definition = json.loads(page.input_value("#definition"))
    page.click("summary")
    definition["steps"][0]["model_id"] = "nosuch/1"
    page.fill("#definition", json.dumps(definition))
    page.click("#run")
    page.wait_for_selector("#error:not([hidden])")
    assert "parts/1" in page.inner_text("#error"), page.inner_text("#error")
    page.screenshot(path=os.path.join(SHOTS, "error.png"))
    page.fill("#definition", "{nope")
    assert page.is_disabled("#run")


def test_every_example_can_be_chosen(site):
    page = site.page()
    page.set_input_files("#picture", straw())
    answered(page)
    for value in page.eval_on_selector_all("#workflow option", "o => o.map((x) => x.value)"):
        page.select_option("#workflow", value)
        until(page, "!document.getElementById('run').disabled")
        page.click("#run")
        answered(page)
    assert page.complaints == [], page.complaints


def main():
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    everything = {**globals(), **vars(training)}
    tests = [(n, t) for n, t in everything.items() if n.startswith("test_") and chosen in n]
    passed = failed = 0
    os.makedirs(SHOTS, exist_ok=True)
    with sync_playwright() as playwright:
        site = Site(playwright)
        for name, test in tests:
            try:
                test(site)
                passed += 1
            except Exception:
                failed += 1
                print("FAILED %s" % name)
                traceback.print_exc()
        site.close()
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
