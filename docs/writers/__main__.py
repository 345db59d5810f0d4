"""`python -m docs.writers`: write every page of docs/reference anew."""

from __future__ import annotations

from docs.writers.pages import FOLDER, PAGES


def main() -> None:
    for name, page in PAGES.items():
        (FOLDER / f"{name}.md").write_text(page())


if __name__ == "__main__":
    main()
