"""AWS Batch's data plane on one machine: jobs, array jobs, retries, timeouts, events and logs.

`service.LocalBatch` answers SubmitJob, DescribeJobs, ListJobs, CancelJob and TerminateJob. Under it,
one scheduler thread moves jobs from state to state, an `executor.Executor` runs their attempts, and one
outbox thread tells the world in the order in which things happened. Job definitions, queues and compute
environments are the control plane: `control.Control` reads them from wherever they are kept.
"""
