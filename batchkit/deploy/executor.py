"""Carrying out the steps of a plan: change sets are executed and waited for, files are put."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from batchkit.aws.change_sets import Wanted
from batchkit.aws.stacks import HALF_ROLLED_BACK, StackState
from batchkit.deploy.operation import failed, new_token, vanished
from batchkit.deploy.steps import File, Removal, Stack
from batchkit.deploy.tools import Tools
from batchkit.deploy.worker_image import WorkerImage

if TYPE_CHECKING:
    from batchkit.planning.stack_changes import ChangeSet


class AwsExecutor:
    """Carries steps out on AWS, or on what answers at the clients' endpoint.

    A stack's change set is the one that was previewed, where there is one, else a new one. `changed` says
    which stacks and files were not yet as they should be.
    """

    def __init__(
        self,
        tools: Tools,
        prepared: Mapping[str, ChangeSet] | None = None,
        image: WorkerImage | None = None,
    ) -> None:
        """`image` is pushed before the first stack that names it."""
        self.changed: list[str] = []
        self._image = image
        self._tools = tools
        self._prepared = dict(prepared or {})

    def file(self, step: File) -> None:
        objects = self._tools.objects
        if not step.is_there(objects.head(step.bucket, step.key)) and objects.put(
            step.bucket,
            step.key,
            step.body,
            step.content_type,
            step.metadata,
            only_if_absent=step.first,
            headers=step.headers,
        ):
            self.changed.append(f"{step.bucket}/{step.key}")

    def removal(self, step: Removal) -> None:
        """Raises ConfigError with the first cause when the stack cannot be deleted."""
        state = self._still(step.name)
        if state is not None:
            self._delete(state)
            self.changed.append(step.name)

    def stack(self, step: Stack) -> Mapping[str, str]:
        """Raises ConfigError with the first cause when CloudFormation does not succeed."""
        self._push_for(step)
        state = self._ready(step.name)
        change_set = self._change_set(step, state)
        if change_set is None:
            return state.outputs if state else {}
        token = new_token()
        self._tools.change_sets.execute(change_set, token)
        self.changed.append(step.name)
        after = self._tools.watch.until_done(change_set.stack_id, token)
        return self._well(after, step.name).outputs

    def _push_for(self, step: Stack) -> None:
        image = self._image
        if image is not None and image.is_new and image.uri in step.texts.values():
            self._image = None
            image.push()
            self.changed.append(image.uri)

    def discard(self) -> None:
        """Delete the change sets that were prepared and not executed."""
        for change_set in self._prepared.values():
            self._tools.change_sets.discard(change_set.arn)
        self._prepared.clear()

    def _change_set(self, step: Stack, state: StackState | None) -> ChangeSet | None:
        prepared, parameters = self._prepared.pop(step.name, None), step.texts
        if prepared is not None and prepared.parameters == parameters:
            return prepared
        if prepared is not None:
            # What it was made for has changed since: an earlier stack has other outputs now.
            self._tools.change_sets.discard(prepared.arn)
        wanted = Wanted(step.name, step.template, parameters, self._tools.tags, exists=state is not None)
        return self._tools.change_sets.create(wanted)

    def _ready(self, name: str) -> StackState | None:
        """The stack once it can be changed; None when it is to be created."""
        tools, state = self._tools, self._still(name)
        if state is not None and state.is_stillborn:
            self._delete(state)
            return None
        if state is not None and state.status == HALF_ROLLED_BACK:
            tools.stacks.continue_rollback(state.id, token := new_token())
            state = tools.watch.until_done(state.id, token)
            if state is not None and state.status == HALF_ROLLED_BACK:
                raise failed(tools.stacks, state)
        return state

    def _still(self, name: str) -> StackState | None:
        """The stack once nobody is at work on it."""
        state = self._tools.stacks.state(name)
        if state is None or not state.is_moving:
            return state
        return self._tools.watch.until_still(state)

    def _delete(self, state: StackState) -> None:
        self._tools.stacks.delete(state.id, token := new_token())
        left = self._tools.watch.until_done(state.id, token)
        if left is not None:
            raise failed(self._tools.stacks, left)

    def _well(self, after: StackState | None, name: str) -> StackState:
        if after is None:
            raise vanished(name)
        if not after.is_well:
            raise failed(self._tools.stacks, after)
        return after
