"""exportctl: Adobe Experience Platform dataset exports as code."""

__version__ = "0.1.0"
