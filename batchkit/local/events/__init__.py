"""EventBridge on one machine: rules and targets from moto, delivery as AWS delivers."""
