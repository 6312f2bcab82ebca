"""The login of the analyst: the one of the settings, or on the local server one that is made when it is first used."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.settings import Settings
from cli.session.server import server
from trading.errors import Misconfigured

_MISSING = (
    "TRADEWIND_ANALYST_URL is not set: on your own server analysts log in as the role analyst. As its administrator"
    " `alter role analyst login password '...'` (docs/queries.md), then set the URL with that user"
)


@contextmanager
def analyst_login(settings: Settings) -> Iterator[str]:
    """Yield a URL that reads schema analytics and nothing else; a local server is stopped again if it was started here.

    Raises:
        Misconfigured: the server is not the local one and no login of analysts is set, or nothing has run here yet.
        Unavailable: the server does not answer, or its schema is older than this program.
    """
    if settings.analyst_url is not None:
        yield settings.analyst_url.get_secret_value()
        return
    if settings.database_url is not None:
        raise Misconfigured(_MISSING)
    from adapters.store.analysts import admit

    with server(settings) as url:
        yield admit(url, settings.data_dir.resolve())
