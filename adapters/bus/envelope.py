"""The signed envelope around every message: whoever cannot sign cannot trade."""

import hashlib
import hmac
import json

from trading.errors import BadData

SCHEMA = 1
MAX_BYTES = 256 * 1024


def seal(body: str, key: str) -> bytes:
    """Return the message value: JSON with the schema number, the key's id, the HMAC-SHA256 and the body text."""
    return json.dumps(
        {"schema": SCHEMA, "key": key_id(key), "mac": _mac(body, key), "body": body}, separators=(",", ":")
    ).encode()


def unseal(value: bytes | None, key: str) -> str:
    """Return the body text of a message value.

    Raises:
        BadData: empty, too large, not JSON, of another schema, signed with another key, or not signed right.
    """
    if not value:
        raise BadData("empty message")
    if len(value) > MAX_BYTES:
        raise BadData(f"message of {len(value)} bytes is larger than {MAX_BYTES}")
    try:
        envelope = json.loads(value)
        schema, name, mac, body = (envelope[field] for field in ("schema", "key", "mac", "body"))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise BadData("not an envelope of schema, key, mac and body") from None
    if schema != SCHEMA:
        raise BadData(f"unknown schema {schema!r}")
    if not isinstance(body, str) or not isinstance(mac, str) or name != key_id(key):
        raise BadData("signed with an unknown key")
    # JSON can hold half characters, which have no bytes and so no signature.
    if not hmac.compare_digest(mac.encode(errors="replace"), _mac(body, key).encode()):
        raise BadData("wrong signature")
    return body


def key_id(key: str) -> str:
    """Return the public name of a key: the first characters of its hash."""
    return hashlib.sha256(b"tradewind-key|" + key.encode()).hexdigest()[:8]


def _mac(body: str, key: str) -> str:
    return hmac.new(key.encode(), body.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
