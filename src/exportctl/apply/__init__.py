"""Execute a Plan and check the result: each write follows the protocol that the service needs."""
