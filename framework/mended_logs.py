"""What of Ocean's own logging is mended."""

import re

from port_ocean.config.settings import IntegrationConfiguration

from redaction import unmask


def hide_settings_in_errors() -> None:
    """Keep values out of Ocean's own complaints about settings.

    It checks types before this integration is asked, and quotes what it got: the whole
    configuration where baseUrl is missing, all headers where their JSON is broken.
    """
    if not IntegrationConfiguration.model_config.get("hide_input_in_errors"):
        IntegrationConfiguration.model_config["hide_input_in_errors"] = True
        IntegrationConfiguration.model_rebuild(force=True)


def keep_ordinary_words() -> None:
    """Undo that Ocean masks what its own unset secrets look like: the words None and {}."""
    unmask({re.escape(word) for word in ("None", "{}")})
