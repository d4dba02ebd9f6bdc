"""The real loop and the real stages on a model of Kafka, with every fault that a seed can think of."""
