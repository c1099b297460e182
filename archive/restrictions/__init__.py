"""Withholding: decisions that captures are not shown, kept as objects of the store; nothing is
ever deleted."""
