"""Frozen values that every other package shares: the plan, the project, schedules, secrets, URLs."""
