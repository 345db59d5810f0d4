"""Creation, update and deletion of moto's stacks in CloudFormation's order, with events and rollback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing
from moto.cloudformation.models import Event
from moto.cloudformation.parsing import OutputMap
from moto.ec2.models.core import TaggedEC2Resource

from batchkit.deploy.template import Template
from batchkit.local.cloudformation.adopting import adopt, tag
from batchkit.local.cloudformation.compare import references

if TYPE_CHECKING:
    from batchkit.deploy.template import Resource
    from batchkit.planning.stack_changes import Change


def template_of(stack: Any, text: str, parameters: Mapping[str, str]) -> Template:
    """A template as the stack's account and region make it."""
    known = stack.resource_map
    names = ("AWS::AccountId", "AWS::Region", "AWS::Partition", "AWS::StackName", "AWS::StackId")
    return Template(text, parameters, {name: known[name] for name in names})


class Operation:
    """One operation on one stack; its events carry `token`."""

    def __init__(self, stack: Any, token: str | None) -> None:
        self._stack = stack
        self._token = token

    def carry_out(
        self, text: str, parameters: Mapping[str, str], tags: Mapping[str, str], changes: Iterable[Change]
    ) -> None:
        """Create the stack or update it. What fails is rolled back, as the stack's status then says."""
        stack, wanted = self._stack, list(changes)
        verb = "CREATE" if stack.status == "REVIEW_IN_PROGRESS" else "UPDATE"
        before = (stack.template, stack.parameters, stack.tags)
        old = _resources(stack) if verb == "UPDATE" else {}
        parsed = dict(stack.resource_map._parsed_resources)  # noqa: SLF001  (moto has no other door)
        self._tell(None, f"{verb}_IN_PROGRESS", "User Initiated")
        try:
            _load(stack, text, parameters, tags)
            self._make(wanted)
        except Exception as error:
            self._roll_back(verb, error, before, parsed, wanted)
            return
        self._clean_up(old, parsed, wanted)
        self._end(f"{verb}_COMPLETE")

    def delete(self) -> None:
        """Delete all resources that are not retained, dependents first."""
        self._tell(None, "DELETE_IN_PROGRESS", "User Initiated")
        resources = _resources(self._stack) if self._stack.template else {}
        try:
            for name in reversed(in_order(resources)):
                self._remove(resources[name], self._stack.resource_map._parsed_resources)  # noqa: SLF001
        except Exception as error:
            self._end("DELETE_FAILED", str(error))
            return
        self._end("DELETE_COMPLETE")

    def _make(self, changes: Iterable[Change]) -> None:
        by_name = {change.logical_id: change for change in changes if change.action != "Remove"}
        map_ = self._stack.resource_map
        parsed = map_._parsed_resources  # noqa: SLF001
        for change in by_name.values():
            if change.action == "Modify" and change.replacement == "True":
                # Made anew by whoever comes to it first; the old one goes in the end.
                del parsed[change.logical_id]
        for name in in_order(_resources(self._stack)):
            if name in by_name:
                self._take(by_name[name], map_)

    def _take(self, change: Change, map_: Any) -> None:
        name, json = change.logical_id, map_._resource_json_map[change.logical_id]  # noqa: SLF001
        verb = "CREATE" if name not in map_._parsed_resources else "UPDATE"  # noqa: SLF001
        self._tell(change, f"{verb}_IN_PROGRESS")
        try:
            if change.action == "Import":
                map_._parsed_resources[name] = adopt(self._stack, change)  # noqa: SLF001
            if name in map_._parsed_resources:  # noqa: SLF001
                made = parsing.parse_and_update_resource(
                    name,
                    json,
                    map_,
                    account_id=self._stack.account_id,
                    region_name=self._stack.region_name,
                )
                map_._parsed_resources[name] = made or map_[name]  # noqa: SLF001
            self._tag(name, map_[name])
        except Exception as error:
            self._tell(change, f"{verb}_FAILED", f"Resource handler returned message: {_words(error)}")
            raise
        self._tell(change, f"{verb}_COMPLETE", physical=_physical(map_[name]))

    def _tag(self, name: str, resource: Any) -> None:
        own = {
            "aws:cloudformation:stack-name": self._stack.name,
            "aws:cloudformation:stack-id": self._stack.stack_id,
            "aws:cloudformation:logical-id": name,
        }
        tag(
            self._stack, resource, {**self._stack.tags, **own}, is_ec2=isinstance(resource, TaggedEC2Resource)
        )

    def _roll_back(
        self, verb: str, error: Exception, before: Any, parsed: Mapping[str, Any], changes: list[Change]
    ) -> None:
        begin, end = ("ROLLBACK", "ROLLBACK") if verb == "CREATE" else ("UPDATE_ROLLBACK", "UPDATE_ROLLBACK")
        self._tell(None, f"{begin}_IN_PROGRESS", "One of the resources failed")
        resources = _resources(self._stack)
        now = self._stack.resource_map._parsed_resources  # noqa: SLF001
        imported = {change.logical_id for change in changes if change.action == "Import"}
        for name in reversed(in_order(resources)):
            if name in now and name not in parsed and name not in imported:
                self._remove(resources[name], now, even_retained=True)
        if verb == "UPDATE":
            text, parameters, tags = before
            _load(self._stack, text, parameters, tags)
            now.update({name: one for name, one in parsed.items() if name not in now})
            modified = [c for c in changes if c.action == "Modify" and c.logical_id in parsed]
            for change in modified:
                self._take(change, self._stack.resource_map)
        self._end(f"{end}_COMPLETE")

    def _clean_up(
        self, old: Mapping[str, Resource], parsed: Mapping[str, Any], changes: list[Change]
    ) -> None:
        """Old resources go when all new ones are there. One that does not is left, and told of."""
        going = {c.logical_id for c in changes if c.action == "Remove" or c.replacement == "True"}
        left = {name: parsed[name] for name in going if name in parsed}
        now = self._stack.resource_map._parsed_resources  # noqa: SLF001
        for name in reversed(in_order(old)):
            if name in left:
                replaced = next(c for c in changes if c.logical_id == name)
                if "Retain" in replaced.policy:
                    self._tell(replaced, "DELETE_SKIPPED")
                else:
                    self._try_to_remove(old[name], left)
                if replaced.action == "Remove":
                    now.pop(name, None)

    def _try_to_remove(self, resource: Resource, parsed: dict[str, Any]) -> None:
        try:
            self._remove(resource, parsed, even_retained=True)
        except Exception:
            return

    def _remove(self, resource: Resource, parsed: dict[str, Any], *, even_retained: bool = False) -> None:
        if resource.logical_id not in parsed:
            return
        if resource.is_retained and not even_retained:
            self._tell(resource, "DELETE_SKIPPED")
            return
        self._tell(resource, "DELETE_IN_PROGRESS")
        json = {"Type": resource.kind, "Properties": dict(resource.properties)}
        try:
            self._stack.resource_map._delete_resource(parsed[resource.logical_id], json)  # noqa: SLF001
        except Exception as error:
            self._tell(resource, "DELETE_FAILED", f"Resource handler returned message: {_words(error)}")
            raise
        del parsed[resource.logical_id]
        self._tell(resource, "DELETE_COMPLETE")

    def _end(self, status: str, reason: str | None = None) -> None:
        stack = self._stack
        # moto makes a resource when an output asks for it: a stack without resources must have no outputs.
        outputs = {} if status in {"DELETE_COMPLETE", "ROLLBACK_COMPLETE"} else stack.template_dict
        stack.output_map = OutputMap(stack.resource_map, outputs, stack.stack_id)
        self._tell(None, status, reason)

    def _tell(
        self,
        about: Change | Resource | None,
        status: str,
        reason: str | None = None,
        physical: str = "",
    ) -> None:
        stack = self._stack
        if about is None:
            stack.status = status
        event = Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=about.logical_id if about else stack.name,
            physical_resource_id=physical if about else stack.stack_id,
            resource_type=about.kind if about else "AWS::CloudFormation::Stack",
            resource_status=status,
            resource_status_reason=reason,
            resource_properties=None,
        )
        event.client_request_token = self._token  # type: ignore[assignment]
        stack.events.append(event)


def in_order(resources: Mapping[str, Resource]) -> list[str]:
    """The resources' logical ids, each after those that it names."""
    graph = {name: references(one) & set(resources) for name, one in resources.items()}
    return list(TopologicalSorter(graph).static_order())


def _resources(stack: Any) -> Mapping[str, Resource]:
    return template_of(stack, stack.template, stack.parameters).resources


def _load(stack: Any, text: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> None:
    """The stack gets another template and other parameters; its resources stay what they are."""
    stack.template, stack.parameters, stack.tags = text, dict(parameters), dict(tags)
    stack._parse_template()  # noqa: SLF001
    stack.description = stack.template_dict.get("Description")
    map_ = stack.resource_map
    map_._template, map_.input_parameters = stack.template_dict, dict(parameters)  # noqa: SLF001
    map_.resolved_parameters, map_.tags = {}, dict(tags)
    map_._resource_json_map = stack.template_dict.get("Resources", {})  # noqa: SLF001
    map_.load()


def _words(error: Exception) -> str:
    """What a service would have said."""
    return str(getattr(error, "message", "") or error)


def _physical(resource: Any) -> str:
    return str(getattr(resource, "physical_resource_id", "") or "")
