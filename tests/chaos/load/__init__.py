"""Businesses, customers and endpoints that live through it, and remember what they were told."""
