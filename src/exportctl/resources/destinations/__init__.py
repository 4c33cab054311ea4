"""One file for each destination type, and the table of them."""
