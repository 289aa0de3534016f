"""Whether a build is worse: policies, baselines kept in a repository, and the judgement."""
