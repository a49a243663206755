"""names - what a screen reader has nothing to say about."""


def nameless(page):
    """Every element that should have a name and has none, as HTML."""
    return page.evaluate("""() => {
        const kinds = "input, select, textarea, button, img, pre, video, progress, dialog";
        const named = (e) => e.labels?.length || e.ariaLabel || e.textContent.trim()
            || (e.tagName === "IMG" && e.hasAttribute("alt"));
        const all = [...document.querySelectorAll(kinds)];
        return all.filter((e) => !named(e)).map((e) => e.outerHTML);
    }""")
