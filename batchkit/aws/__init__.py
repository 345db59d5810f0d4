"""The only place that speaks to AWS: clients, their errors, and one module per kind of resource."""
