"""Looking at this machine: what keeps batchkit from working here, why it matters, what to do."""
