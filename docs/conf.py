"""How Sphinx builds the manual from the pages that are also read on a code host. `make docs`.

The pages are plain Markdown. Two things are put right here: the navigation is made of the lists on the
pages in NAVIGATION, and links out of docs/, to code, become text, for a site has no code beside it. Both
are checked: a link that leads nowhere fails the build.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "batchkit"
extensions = ["myst_parser"]
exclude_patterns = ["writers"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "batchkit"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
# JSON in the manual has "…" in it where something is left out.
highlight_language = "none"
suppress_warnings = ["misc.highlighting_failure"]

DOCS = Path(__file__).parent
NAVIGATION = ("index", "decisions")

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
_ENTRY = re.compile(r"^- \[([^\]]*)\]\(([^)#\s]+)\)", re.MULTILINE)


def inside(_app: Sphinx, name: str, source: list[str]) -> None:
    """A page with navigation, and without the links that lead out of the manual."""
    page = DOCS / f"{name}.md"
    text = source[0]
    if name in NAVIGATION:
        text += "".join(map(tree, text.split("\n## ")))
    source[0] = _LINK.sub(lambda link: kept(link, page), text)


def tree(section: str) -> str:
    """The entries of a section's list as a part of the navigation, with its heading."""
    entries = _ENTRY.findall(section)
    if not entries:
        return ""
    caption = section.partition("\n")[0].lstrip("# ")
    lines = [f"{to}/*" if (DOCS / to).is_dir() else f"{title} <{to}>" for title, to in entries]
    return "\n\n```{toctree}\n:hidden:\n:glob:\n:caption: " + caption + "\n\n" + "\n".join(lines) + "\n```\n"


def kept(link: re.Match[str], page: Path) -> str:
    """A link to a page or picture of the manual, or to elsewhere, as it is; else its text."""
    image, text, target, _anchor = link.groups()
    if "://" in target or image:
        return link.group()
    path = (page.parent / target).resolve()
    if not path.exists():
        logging.getLogger(__name__).warning(
            "%s leads nowhere", link.group(), location=page.relative_to(DOCS).with_suffix("").as_posix()
        )
    return link.group() if path.suffix == ".md" and path.is_relative_to(DOCS) else text


def setup(app: Sphinx) -> None:
    app.connect("source-read", inside)
