"""Work that ends when the client who asked for it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request

T = TypeVar("T")

CLIENT_GONE = 499  # as nginx logs it; the client does not read this answer


class ClientGoneError(Exception):
    """The client left before its answer was ready."""


async def while_present(request: Request, work: Callable[[], Awaitable[T]]) -> T:
    """Do the work of a request whose body has been read, and cancel it when the client leaves.

    Raises:
        ClientGoneError: If the client left first.
    """
    done: list[T] = []
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()

        tasks.start_soon(watch)
        try:
            done.append(await work())
        except Exception as error:  # noqa: BLE001 (raised again outside of the task group)
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if not done:
        raise ClientGoneError
    return done[0]
