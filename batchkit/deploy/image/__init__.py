"""The worker's container image: its build context, its wheels, building it and pushing it."""
