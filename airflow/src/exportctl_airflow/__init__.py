"""Run exportctl in Apache Airflow: operators that start its command line, and a deferrable sensor."""

__version__ = "0.2.0"  # that of exportctl: one tag releases both
