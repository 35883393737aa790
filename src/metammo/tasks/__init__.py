"""What agents are asked to do, and what they are paid for it."""
