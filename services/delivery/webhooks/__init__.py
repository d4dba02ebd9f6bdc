"""Webhook workers: what happens to messages, and what customers write, reported to businesses over HTTP."""
