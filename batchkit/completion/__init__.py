"""Record what Batch and S3 say in the ledger, and announce ends once. The standard library and boto3 only."""
