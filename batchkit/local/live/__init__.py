"""The live page of the local stack: what happens in it, as it happens, in a browser."""
