"""The gallery: a static page in the output bucket, and the JSON that it shows, kept up to date by events.

    data/sources/abc.json   a shelf: records of sources, all that the page tells of one (records.py)
    data/index/00.json      a part of the index: a row for each of its sources (rows.py)
    data/index.json         which parts there are
    data/settings.json      what the page knows of the project (written when deploying)

Each file is the join of everything that was ever merged into it, so events may come twice, late and at the
same time (changing.py). Lambda runs this: standard library and boto3 only.
"""
