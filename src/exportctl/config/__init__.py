"""YAML text -> a Project for one environment. `loading` is the way in; `files` alone touches the disk."""
