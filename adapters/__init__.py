"""Whom we talk to: a folder is a role, a file is a technology."""
