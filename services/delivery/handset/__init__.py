"""The handset channel: customers' devices on WebSockets."""
