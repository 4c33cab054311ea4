"""What people and machines get to see: values in, text out. Nothing here computes what another view would need."""
