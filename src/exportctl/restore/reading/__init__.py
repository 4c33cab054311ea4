"""How each engine reads a list of files as plain tables: by hand, since no library translates the reading of files."""
