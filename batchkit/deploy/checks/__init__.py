"""What is looked at before anything is deployed. Nothing is changed."""
