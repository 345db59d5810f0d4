"""`python -m docs.writers`: write every page of docs/reference anew; with --check, only tell of old ones."""

from __future__ import annotations

import sys

from docs.writers.pages import FOLDER, PAGES, outdated


def main(arguments: list[str]) -> int:
    """The exit code: 1 when a page is not what the code says, and shall not be written."""
    if arguments == ["--check"]:
        names = outdated()
        for name in names:
            print(f"docs/reference/{name}.md is not what the code says; run: make reference", file=sys.stderr)
        return 1 if names else 0
    for name, page in PAGES.items():
        (FOLDER / f"{name}.md").write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
