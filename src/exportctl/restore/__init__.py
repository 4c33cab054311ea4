"""The table that a backup holds at a moment, and the SQL that reads it."""
