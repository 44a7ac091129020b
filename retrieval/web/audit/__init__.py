"""The audit log: who asked what and saw which case, in a chain that shows tampering."""
