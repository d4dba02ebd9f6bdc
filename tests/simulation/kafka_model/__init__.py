"""A model of Kafka in one process: what a stage can see of partitions, groups and transactions, no more."""
