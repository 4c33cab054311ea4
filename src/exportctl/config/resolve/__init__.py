"""The merged tree of one environment -> a `Project`."""
