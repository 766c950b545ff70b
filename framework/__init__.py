"""Parts of Ocean that this integration replaces or mends, and nothing else."""
