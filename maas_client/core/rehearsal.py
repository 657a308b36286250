"""What a flow sends, told without sending it: it is driven with answers that are made up."""

from collections.abc import Callable

from maas_client.core.flow import Flow, T
from maas_client.core.io import Request, Response
from maas_client.errors import MaaSError


def rehearse(flow: Flow[T], answer: Callable[[Request], Response | MaaSError]) -> tuple[T, list[Request]]:
    """Drive a flow to its value; return that, and every request in its order.

    Args:
        flow: The operation.
        answer: Makes an answer up, or an error that is thrown into the flow as a real call would.
    """
    sent: list[Request] = []
    try:
        request = next(flow)
        while True:
            sent.append(request)
            made_up = answer(request)
            request = flow.throw(made_up) if isinstance(made_up, MaaSError) else flow.send(made_up)
    except StopIteration as stop:
        value: T = stop.value
        return value, sent
