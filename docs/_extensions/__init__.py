"""What Sphinx does not do by itself: MathML, docstrings in plain text, pages made from the code."""
