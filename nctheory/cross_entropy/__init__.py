"""Cross-entropy beyond single constructions: tables, codes, direct minimisation, theorems."""
