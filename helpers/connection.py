"""Where requests go: an endpoint with its key and the models to ask."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Connection:
    """An endpoint, its key, and the models to ask there. The key is left out of what is printed."""

    endpoint: str
    key: str = field(repr=False)
    model: str
    second_model: str
    vision_model: str
    reasoning_model: str

    @property
    def roles(self) -> tuple[str, str, str, str]:
        """The models' names in the order of the settings."""
        return self.model, self.second_model, self.vision_model, self.reasoning_model

    @property
    def models(self) -> list[str]:
        """The models' names, each once."""
        return list(dict.fromkeys(self.roles))
