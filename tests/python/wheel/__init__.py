"""Checks of the wheel, for `check_wheel.py`. A check is a function whose name begins with `check_`."""
