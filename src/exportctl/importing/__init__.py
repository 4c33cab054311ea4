"""Live flows that were made elsewhere -> the smallest YAML that adopts them. Pure; `taking_over` brings the sandbox."""
