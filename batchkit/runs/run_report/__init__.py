"""One run as one HTML file that needs nothing else: for whoever wants to look before reading.

facts     what the ledger, the end-of-run report, Batch and the logs know, in memory that does not grow
timeline  the arithmetic: throughput over time, which children stand for all of them
charts    both as SVG
page      everything as HTML
"""

from batchkit.runs.run_report.facts import Gatherer
from batchkit.runs.run_report.page import render

__all__ = ["Gatherer", "render"]
