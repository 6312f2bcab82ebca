"""Every error of Tradewind, named by what the caller must do.

TradewindError
|-- Unavailable      retry later: a venue, broker or database did not answer
|-- Denied           drop and record: the request was understood and refused
|-- BadData          stop this partition: rows that must not be used
|-- Unknown          ask the venue: the effect of a request is not known
|-- Misconfigured    stop the process: a setting, file or option is wrong (exit code 2)
`-- Interrupted      stop quietly: a person asked for it (exit code 130)
"""


class TradewindError(Exception):
    """Base of all errors that Tradewind raises on purpose."""


class Unavailable(TradewindError):
    """A dependency did not answer; the same call may succeed later."""


class Denied(TradewindError):
    """The request was understood and refused; `reason` is a short stable code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class BadData(TradewindError):
    """Data that must not be used; the message names the rows."""


class Unknown(TradewindError):
    """The effect of a request is not known; only the venue can tell."""


class Misconfigured(TradewindError):
    """A setting, option or input is wrong; the message names what to change."""


class Interrupted(TradewindError):
    """A person or a supervisor asked the work to stop."""
