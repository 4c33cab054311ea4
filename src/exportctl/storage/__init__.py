"""Read what exports left in storage. Never writes; the emulator has its own storage layer that does."""
