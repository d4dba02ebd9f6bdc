"""The simulated cluster's topics: those of the catalogue, partitions and all, without the webhooks' own."""

from services.contracts.catalogue import catalogue

TOPICS = {name: topic for name, topic in catalogue().items() if not name.startswith("webhook-retry")}
