"""The gateway: forwards what devices ask of anyone else."""
