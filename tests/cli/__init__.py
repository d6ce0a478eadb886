"""Tests of what a user calls."""
