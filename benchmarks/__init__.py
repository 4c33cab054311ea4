"""Measurements that can be repeated anywhere: counts, and ratios within one run."""
