"""Pure arithmetic and formats: nothing here reads a clock, a file, the network or the environment."""
