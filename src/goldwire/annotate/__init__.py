"""What people do: label configuration, tasks, results, server, sync, adjudication."""
