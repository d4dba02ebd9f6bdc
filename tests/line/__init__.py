"""The stages in one process over lists of records: what they write is what they write on Kafka."""
