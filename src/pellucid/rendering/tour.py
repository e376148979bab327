"""The tour: one screen from a sentence to a weighted sum."""
