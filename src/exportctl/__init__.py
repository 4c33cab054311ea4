"""exportctl: Adobe Experience Platform dataset exports as code."""

__version__ = "0.2.0"
