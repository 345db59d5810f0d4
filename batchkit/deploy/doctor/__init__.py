"""Looking at a deployed project: what is wrong, why it matters, what to do. Nothing is changed."""
