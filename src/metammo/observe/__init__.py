"""What an agent sees, and what it may do."""
