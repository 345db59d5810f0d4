"""What a person does with runs."""
