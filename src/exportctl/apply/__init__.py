"""A Plan carried out and proved: one write at a time, by the protocols the service needs."""
