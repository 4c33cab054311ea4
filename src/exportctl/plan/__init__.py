"""Desired and live state -> Plan: pure, and the heart of the product. `planner` is the way in."""
