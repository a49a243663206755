"""run - runs the wire tests.

    python tests/wire/run.py [WORD...]     all, or those whose "suite.test" has a WORD

Prints what failed, and as the last line `N passed, N failed, N skipped`.
"""
import importlib
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness      # noqa: E402 (found through the path above)

NO_SUITES = ("harness", "run")


def suites():
    for name in sorted(os.listdir(os.path.dirname(os.path.abspath(__file__)))):
        stem, ending = os.path.splitext(name)
        if ending == ".py" and stem not in NO_SUITES:
            yield stem, importlib.import_module(stem)


def run_test(name, test):
    """"passed", "failed" or "skipped", having said why."""
    try:
        test()
        return "passed"
    except harness.Skip as e:
        print(f"{name}: skipped: {e}")
        return "skipped"
    except Exception as e:      # whatever it is, the next test runs
        frames = traceback.extract_tb(e.__traceback__)
        where = next((f for f in reversed(frames) if not f.filename.endswith("harness.py")),
                     frames[-1])
        print(f"{name}: {os.path.basename(where.filename)}:{where.lineno}: "
              f"{type(e).__name__}: {e}")
        return "failed"


def main(words):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for stem, suite in suites():
        for name in [n for n in vars(suite) if n.startswith("test_")]:
            full = f"{stem}.{name}"
            if words and not any(word in full for word in words):
                continue
            began = time.monotonic()
            counts[run_test(full, getattr(suite, name))] += 1
            if os.environ.get("VERBOSE"):
                print(f"    {full} {time.monotonic() - began:.1f} s")
            sys.stdout.flush()
        for complaint in harness.stop_all():
            print(f"{stem}: {complaint}")
            counts["failed"] += 1
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
