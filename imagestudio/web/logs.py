import logging
import re
from typing import Any

from imagestudio.images_api.redaction import redact

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Behind these words an error of the database quotes the row or the statement that it is about.
QUOTED = re.compile(
    r"\n(?:DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):.*?(?=\n\n(?:The above|During)|\Z)", re.DOTALL
)


class OneLineFormatter(logging.Formatter):
    """One event, one line, without keys: control characters are escaped, so no input forges one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        # Also what follows the line: a traceback quotes whatever the exceptions say.
        return redact(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the base class's name
        """A traceback without the words of members that a failing row holds."""
        return QUOTED.sub("", super().formatException(ei))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        return CONTROL.sub(_escape, super().formatMessage(record))


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()
