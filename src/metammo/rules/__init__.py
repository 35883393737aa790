"""What the numbers are: sizes, rules, materials, items, skills."""
