"""What Sphinx does not do by itself: MathML, plain docstrings, pages made from the code."""
