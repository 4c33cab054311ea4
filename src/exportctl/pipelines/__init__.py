"""The files of `init --ci`: jobs that plan, apply and watch a project, for each CI system. Pure."""
