"""What `batchkit check --aws` asks AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchkit.aws.clients import Clients
from batchkit.cli.checks_output import print_results
from batchkit.cli.output import print_json
from batchkit.deploy import code
from batchkit.deploy.checks.checks import check, require
from batchkit.deploy.checks.result import Place
from batchkit.deploy.deploy import site
from batchkit.deploy.plan import plan

if TYPE_CHECKING:
    from batchkit.project import Project


def check_aws(project: Project, facts: dict[str, Any], output: str) -> None:
    """Check and print. Raises ConfigError for the first check that fails."""
    clients = Clients()
    where = site(clients, project)
    results = list(check(Place(project, clients, where, plan(project, where, code.pack()))))
    if output == "json":
        print_json({**facts, "aws": [one.as_json() for one in results]})
    else:
        print_results(results)
    require(results)
