"""Tenants, their keys, and who bears one."""
