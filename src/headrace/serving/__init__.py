"""A saved model behind HTTP, and scoring of files."""
