"""Made-up rows for the datasets of the emulator."""
