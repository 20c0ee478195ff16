"""The lab's driver: namespaces, scenarios, labels, scores. See ../README.md."""
