"""The image engine against what people use instead (see benchmarks/README.md)."""
