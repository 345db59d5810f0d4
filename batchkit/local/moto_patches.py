"""How the gaps of moto are closed: attributes replaced while a stack runs, and put back when it ends."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class Patches:
    """Attributes of moto's classes and modules replaced, and put back in reverse order."""

    def __init__(self) -> None:
        self._undo = ExitStack()

    def replace(self, owner: Any, name: str, value: Any) -> None:
        """`owner.name = value` until the patches are undone."""
        before = vars(owner)[name]
        setattr(owner, name, value)
        self._undo.callback(setattr, owner, name, before)

    def add(self, owner: Any, name: str, value: Any) -> None:
        """`owner.name = value` until the patches are undone, where `owner` may only inherit that name."""
        if name in vars(owner):
            self.replace(owner, name, value)
            return
        setattr(owner, name, value)
        self._undo.callback(delattr, owner, name)

    def before_create(self, resource: Any, change: Callable[[dict[str, Any]], None]) -> None:
        """Runs `change` on the properties before CloudFormation creates a `resource`."""
        original = resource.create_from_cloudformation_json

        def create(_cls: Any, /, name: str, template: Any, account: str, region: str, **kwargs: Any) -> Any:
            change(template.setdefault("Properties", {}))
            return original(name, template, account, region, **kwargs)

        self.replace(resource, "create_from_cloudformation_json", classmethod(create))

    def after_create(self, resource: Any, change: Callable[[Any, dict[str, Any]], None]) -> None:
        """Runs `change` on the new object and its properties after CloudFormation has created it."""
        original = resource.create_from_cloudformation_json

        def create(_cls: Any, /, name: str, template: Any, account: str, region: str, **kwargs: Any) -> Any:
            created = original(name, template, account, region, **kwargs)
            change(created, template.get("Properties", {}))
            return created

        self.replace(resource, "create_from_cloudformation_json", classmethod(create))

    def after_update(self, resource: Any, change: Callable[[Any, dict[str, Any]], None]) -> None:
        """The same for an update in place; moto passes everything by name."""
        original = resource.update_from_cloudformation_json

        def update(_cls: Any, /, **kwargs: Any) -> Any:
            updated = original(**kwargs)
            change(updated, kwargs["cloudformation_json"].get("Properties", {}))
            return updated

        self.replace(resource, "update_from_cloudformation_json", classmethod(update))

    def undo(self) -> None:
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo()
