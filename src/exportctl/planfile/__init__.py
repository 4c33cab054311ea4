"""Saved plans: the reviewed values, and a check that apply would still write the same."""
