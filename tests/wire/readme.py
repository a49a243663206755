"""readme - what the README shows works as it stands there."""
import os
import re
import subprocess
import sys

from harness import OCELLUS, ROOT, check, demo_server, run


def page(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def example(language):
    found = re.findall(rf"```{language}\n(.*?)```", page("README.md"), re.S)
    check(found, "no example in", language)
    return found[0]


def here(text):
    """The example, asking the test's own server."""
    server = demo_server()
    run("workflow", "save", "parts", "examples/parts.json", "--data", server.data)
    return text.replace("http://127.0.0.1:9001", server.url)


def execute(command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60,
                          check=False)


def test_the_python_example():
    done = execute([sys.executable, "-c", here(example("python"))])
    check("loose-straw" in done.stdout, done.stdout[-300:], done.stderr[-600:])


def test_the_curl_example():
    done = execute(["sh", "-c", here(example("sh"))])
    check("loose-straw" in done.stdout, done.stdout[-300:], done.stderr[-600:])


def test_every_command_that_is_shown_has_its_help():
    shown = set(re.findall(r"`ocellus ((?:model |workflow |train |dataset )?[a-z]+)[ `]",
                           page("README.md")))
    check(len(shown) >= 4, shown)
    for command in shown:
        code, said = run(*command.split(), "--help")
        check(code == 0 and "example:" in said, command, said)


def test_every_example_of_the_help_is_a_command():
    """The words after `example:` are options and files that exist."""
    listed = subprocess.run([OCELLUS, "--help"], capture_output=True, text=True, check=True)
    names = re.findall(r"^  ((?:model|workflow) \w+|\w+) {2,}", listed.stdout, re.M)
    check(len(names) >= 10, names)
    for name in names:
        _, said = run(*name.split(), "--help")
        words = re.search(r"^example: ocellus (.*)$", said, re.M).group(1).split()
        check(" ".join(words).startswith(name), name, words)
        for word in words:
            if word.startswith("examples/"):
                check(os.path.exists(os.path.join(ROOT, word)), word)


def test_links_lead_somewhere():
    for name in ("README.md", "docs/design.md", "docs/writing-a-block.md", "docs/benchmarks.md",
                 "docs/training.md"):
        folder = os.path.dirname(os.path.join(ROOT, name))
        for link in re.findall(r"\]\(([^)#]+)\)", page(name)):
            check(link.startswith("http") or os.path.exists(os.path.join(folder, link)), name, link)
