"""What people and programs read: terminal tables, JSON, CSV and LaTeX of the same rows."""
