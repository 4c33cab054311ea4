"""JSON documents, each beside its schema."""
