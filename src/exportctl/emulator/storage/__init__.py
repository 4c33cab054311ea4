"""Where the emulator's exports are written: a local folder, or the real storage of each destination type."""
