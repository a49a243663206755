"""training - the page's second view, from choosing a folder to a prediction.

Run by run.py, which hands each test the site.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from harness import Server
from names import nameless
from train import COLORS, noisy

SHOTS = os.path.join(os.environ.get("BUILD", os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "build")), "browser")


def until(page, expression, seconds=60):
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        if time.monotonic() > end:
            shot(page, "train-failure")
            raise AssertionError("never true: " + expression + "\n" +
                                 page.inner_text("#view-train"))
        page.wait_for_timeout(20)


def shot(page, name):
    page.screenshot(path=os.path.join(SHOTS, name + ".png"), full_page=True)


def folder_of_colors(count=12, name="tints", wrong=2):
    """A folder of pictures, some of them in the folder of another class."""
    folder = os.path.join(tempfile.mkdtemp(prefix="ocellus-tints-"), name)
    for class_name, color in COLORS.items():
        os.makedirs(os.path.join(folder, class_name))
        for i in range(count):
            with open(os.path.join(folder, class_name, f"{i}.png"), "wb") as out:
                out.write(noisy(color, f"{class_name} {i}"))
    for i in range(wrong):
        with open(os.path.join(folder, "blue", f"not blue {i}.png"), "wb") as out:
            out.write(noisy(COLORS["red"], f"wrong {i}"))
    shutil.copyfile(os.path.join(folder, "green", "0.png"),
                    os.path.join(folder, "red", "twin.png"))
    with open(os.path.join(folder, "notes.txt"), "w", encoding="ascii") as out:
        out.write("no picture\n")
    return folder


def open_view(site, **how):
    page = site.page(**how)
    page.click("#tab-train")
    until(page, "!document.getElementById('view-train').hidden")
    until(page, "document.getElementById('base').options.length > 0")
    return page


def train(page, folder):
    page.set_input_files("#folder", folder)
    until(page, "!document.getElementById('start').disabled")
    page.click("#start")
    until(page, "!document.getElementById('card').hidden")


def test_train_from_a_folder_to_a_prediction(site):
    page = open_view(site)
    assert page.input_value("#base") == "parts/1"
    folder = folder_of_colors()
    page.set_input_files("#folder", folder)
    until(page, "!document.getElementById('start').disabled")
    assert "39 of 39 files sent, 1 other files left out" in page.inner_text("#upload-text")
    said = page.inner_text("#set")
    assert "blue\t14" in said and "all\t39" in said, said
    shot(page, "train-chosen")
    page.click("#start")
    until(page, "!document.getElementById('curves').hidden")
    until(page, "!document.getElementById('card').hidden")
    shot(page, "train-card")
    assert "%" in page.inner_text(".score") and "tints/1" in page.inner_text("#summary")
    assert page.inner_text("#stage") == "Done."
    assert "not blue" in page.inner_html("#report")
    assert "is green/0.png" in page.inner_text("#report")
    assert "labelled otherwise" in page.inner_text("#report")
    look_into_the_matrix(page)
    ask_about_a_picture(page, site)
    ask_about_the_webcam(page)
    use_it(page)
    page.click("#open-workflow")
    assert "tints/1" in page.input_value("#definition")
    assert page.complaints == [], page.complaints


def look_into_the_matrix(page):
    cell = page.query_selector(".matrix .right button")
    count = int(cell.inner_text())
    cell.click()
    until(page, "document.getElementById('gallery').open")
    until(page, "[...document.querySelectorAll('#gallery img')].every(i => i.naturalWidth > 0)")
    assert len(page.query_selector_all("#gallery img")) == count
    page.screenshot(path=os.path.join(SHOTS, "train-gallery.png"))
    page.keyboard.press("Escape")
    until(page, "!document.getElementById('gallery').open")


def ask_about_a_picture(page, site):
    path = os.path.join(site.data, "green.png")
    with open(path, "wb") as out:
        out.write(noisy(COLORS["green"], "unseen"))
    page.set_input_files("#test-picture", path)
    until(page, "document.querySelectorAll('#answers li').length === 3")
    assert page.inner_text("#answers li").startswith("green"), page.inner_text("#answers")


def ask_about_the_webcam(page):
    page.click("#webcam")
    until(page, "document.getElementById('video').videoWidth > 0")
    page.evaluate("document.getElementById('answers').replaceChildren()")
    until(page, "document.querySelectorAll('#answers li').length === 3")
    page.query_selector("#card").screenshot(path=os.path.join(SHOTS, "train-webcam.png"))
    assert page.get_attribute("#webcam", "aria-pressed") == "true"
    page.click("#webcam")
    assert page.is_hidden("#video")


def use_it(page):
    definition = json.loads(page.inner_text("#use-workflow"))
    origin = page.evaluate("location.origin")
    path = os.path.join(tempfile.mkdtemp(), "picture.jpg")
    with open(path, "wb") as out:
        out.write(noisy(COLORS["red"], "unseen"))
    done = subprocess.run([sys.executable, "-c", page.inner_text("#use-python")],
                          cwd=os.path.dirname(path), capture_output=True, text=True)
    assert "'top': 'red'" in done.stdout, (done.stdout, done.stderr[-600:])
    program = ("import sys, json\nfrom inference_sdk import InferenceHTTPClient\n"
               "c = InferenceHTTPClient(api_url=sys.argv[1], api_key='none')\n"
               "print(c.run_workflow(specification=json.loads(sys.argv[2]), "
               "images={'image': 'picture.jpg'}))\n")
    done = subprocess.run([sys.executable, "-c", program, origin, json.dumps(definition)],
                          cwd=os.path.dirname(path), capture_output=True, text=True)
    assert "'top': 'red'" in done.stdout, (done.stdout, done.stderr[-600:])


def test_the_same_folder_again_sends_nothing(site):
    page = open_view(site)
    folder = folder_of_colors(name="twice")
    for said in ("39 of 39 files sent", "Nothing to send, 39 were here already"):
        page.set_input_files("#folder", folder)
        until(page, "document.getElementById('upload-text').textContent.startsWith("
                    + json.dumps(said) + ")")
        until(page, "!document.getElementById('start').disabled")
    page.click("text=Remove these pictures")
    until(page, "document.getElementById('set').hidden")
    assert page.is_disabled("#start")
    assert page.complaints == [], page.complaints


def test_an_address_shows_a_training_that_is_over(site):
    page = open_view(site)
    train(page, folder_of_colors(6, "again"))
    page.reload()
    until(page, "!document.getElementById('card').hidden")
    until(page, "document.querySelectorAll('#jobs li').length > 0")
    page.click("#tab-try")
    until(page, "document.getElementById('view-train').hidden")
    page.emulate_media(color_scheme="dark")
    page.click("#tab-train")
    page.click("#jobs a >> nth=0")
    until(page, "!document.getElementById('card').hidden")
    shot(page, "train-dark")
    page.set_viewport_size({"width": 400, "height": 800})
    shot(page, "train-narrow")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 400, wide
    assert page.complaints == [], page.complaints


def test_stop_and_go_on(site):
    page = open_view(site)
    page.set_input_files("#folder", folder_of_colors(90, "many"))
    until(page, "!document.getElementById('start').disabled")
    page.click("#start")
    until(page, "document.getElementById('stage').textContent.startsWith('Looking')")
    shot(page, "train-running")
    page.click("#stop")
    until(page, "document.getElementById('stage').textContent.startsWith('Stopped')")
    shot(page, "train-stopped")
    page.click("#resume")
    until(page, "!document.getElementById('card').hidden")
    assert page.complaints == [], page.complaints


def test_what_cannot_be_trained_on_is_told(site):
    page = open_view(site)
    folder = os.path.join(tempfile.mkdtemp(), "flat")
    os.makedirs(folder)
    with open(os.path.join(folder, "a.png"), "wb") as out:
        out.write(noisy(COLORS["red"], "a"))
    page.set_input_files("#folder", folder)
    page.wait_for_selector("#set .wrong")
    assert page.is_disabled("#start")
    shot(page, "train-problem")
    os.remove(os.path.join(folder, "a.png"))
    with open(os.path.join(folder, "a.txt"), "w", encoding="ascii") as out:
        out.write("x")
    page.set_input_files("#folder", folder)
    page.wait_for_selector("#train-error:not([hidden])")
    assert page.complaints == [], page.complaints


def test_training_by_keyboard_alone(site):
    page = open_view(site)
    page.focus("#folder")
    page.keyboard.press("Enter")
    end = time.monotonic() + 20
    while not page.choosers and time.monotonic() < end:
        page.wait_for_timeout(20)
    page.choosers[0].set_files(folder_of_colors(6, "keys"))
    until(page, "!document.getElementById('start').disabled")
    page.focus("#start")
    page.keyboard.press("Enter")
    until(page, "!document.getElementById('card').hidden")
    assert nameless(page) == [], nameless(page)


def test_without_a_base_it_says_what_to_do(site):
    with Server() as bare:
        page = site.page()
        page.goto(f"http://127.0.0.1:{bare.port}/#train")
        page.wait_for_selector("#no-base:not([hidden])")
        assert "ocellus model add" in page.inner_text("#no-base")
        shot(page, "train-no-base")
        assert page.is_disabled("#start") and page.is_disabled("#base")
        page.context.close()
    assert urllib.request.urlopen(site.url + "healthz").status == 200
