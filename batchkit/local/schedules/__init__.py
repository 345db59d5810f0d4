"""EventBridge Scheduler on one machine: schedules from moto, fired as AWS fires them."""
