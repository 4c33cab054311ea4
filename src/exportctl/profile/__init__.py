"""What a probe can ask, and the file that holds the answers."""
