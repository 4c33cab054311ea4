"""The report as one HTML page: an element for each part, a module for each section."""
