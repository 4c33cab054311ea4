"""One file for each command: where effects meet."""
