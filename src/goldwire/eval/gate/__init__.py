"""Judgement of a build: policies, baselines kept in a repository, and whether it is worse."""
