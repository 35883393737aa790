"""What a world is: one record of named columns."""
