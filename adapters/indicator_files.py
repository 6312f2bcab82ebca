"""Files of combinations (.toml) and custom indicators (.py): those that we ship and those that the settings name."""

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import util
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from trading.errors import Misconfigured, TradewindError

if TYPE_CHECKING:
    from trading.indicators.combine import Combination
    from trading.indicators.custom import Indicator

SHIPPED = "combinations.toml"


@dataclass(frozen=True)
class Declared:
    """What the files declare, in their order."""

    combinations: "tuple[Combination, ...]" = ()
    indicators: "tuple[Indicator, ...]" = ()


def shipped() -> Declared:
    """Return the combinations of trading/indicators/combinations.toml."""
    from trading.indicators.combine import declared

    return Declared(declared(files("trading.indicators").joinpath(SHIPPED).read_text("utf-8"), SHIPPED))


def read(path: Path) -> Declared:
    """Return what one file declares; a Python file is run.

    Raises:
        Misconfigured: it is not there, is neither .py nor .toml, is wrong, or declares nothing; the message names it.
    """
    from trading.indicators.combine import declared

    if not path.is_file():
        raise Misconfigured(f"indicators {path}: there is no such file")
    if path.suffix not in (".py", ".toml"):
        raise Misconfigured(f"indicators {path}: a file ends with .py or .toml")
    try:
        found = Declared(declared(path.read_text("utf-8"), path.name)) if path.suffix == ".toml" else _run(path)
    except UnicodeDecodeError:
        raise Misconfigured(f"indicators {path}: it is no text in UTF-8") from None
    if not (found.combinations or found.indicators):
        raise Misconfigured(f"indicators {path}: it declares nothing")
    return found


def together(paths: Iterable[Path]) -> Declared:
    """Return what we ship and what `paths` declare; Misconfigured as `read` says."""
    parts = [shipped(), *map(read, paths)]
    return Declared(
        tuple(each for part in parts for each in part.combinations),
        tuple(each for part in parts for each in part.indicators),
    )


def _run(path: Path) -> Declared:
    """Return the indicators of a Python file, in the order in which it defines them."""
    from trading.indicators.custom import Indicator

    # The name tells two files of one stem apart.
    name = f"tradewind_indicators_{path.stem}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    spec = util.spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101
    assert spec.loader is not None  # noqa: S101
    module = util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    except TradewindError as error:
        raise Misconfigured(f"indicators {path}: {error}") from None
    except Exception as error:  # whatever the user's file raises is told with its name
        raise Misconfigured(f"indicators {path}: {type(error).__name__}: {error}") from None
    finally:
        sys.dont_write_bytecode = writes
    return Declared(indicators=tuple(each for each in vars(module).values() if isinstance(each, Indicator)))
