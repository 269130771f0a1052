"""What the checks of `ray_cluster.py` share."""
