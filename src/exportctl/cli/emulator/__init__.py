"""The commands of the emulator."""
