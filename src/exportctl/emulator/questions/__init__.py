"""The open questions of the service, by theme: each field of these classes is a switch."""
