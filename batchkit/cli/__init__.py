"""What a person types. A command is its options, one call and one print."""
