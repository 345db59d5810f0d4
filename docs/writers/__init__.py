"""Writes docs/reference from the code, so that it cannot say anything else. `make reference`.

One module a page, each with a function `page`; docs/reference/index.md lists them by hand.
"""
