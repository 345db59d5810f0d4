"""Put a project onto AWS, or onto whatever answers at the endpoint."""
