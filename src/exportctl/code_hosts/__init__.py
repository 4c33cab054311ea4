"""Comments of pull requests and issues on GitHub, GitLab and Azure DevOps: one module per host."""
