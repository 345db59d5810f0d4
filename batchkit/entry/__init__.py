"""What a container or a Lambda starts: with the command line the only readers of the environment."""
