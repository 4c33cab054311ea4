"""What people and machines see: values in, text out. No module here computes what another one needs."""
