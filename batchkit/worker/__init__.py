"""One child of a run: which items it does, how it makes them, and what it leaves behind."""
