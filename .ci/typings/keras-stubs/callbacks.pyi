from typing import Any

class Callback:
    model: Any
    params: dict[str, Any]
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class History(Callback):
    epoch: list[int]
    history: dict[str, list[float]]

class SwapEMAWeights(Callback): ...

def __getattr__(name: str) -> Any: ...
