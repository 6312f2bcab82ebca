"""Files of indicators: read from the settings, refused with their name when they are wrong."""

from pathlib import Path

import pytest

from adapters.indicator_files import read, shipped, together
from adapters.settings import environment, load
from trading.errors import Misconfigured

GOOD = """
import polars as pl
from trading.indicators.custom import indicator

@indicator("upper_half_5", warm_up=4)
def upper_half(bars):
    '''Share of the last five closes in the upper half of their bar.'''
    return (pl.col("close") * 2 > pl.col("high") + pl.col("low")).cast(pl.Float64).rolling_mean(5)
"""


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_python_file_gives_its_indicators_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = file(tmp_path, "mine.py", GOOD)
    (one,) = read(path).indicators
    assert (one.name, one.warm_up) == ("upper_half_5", 4)
    assert one.about == "Share of the last five closes in the upper half of their bar."
    assert [each.name for each in tmp_path.iterdir()] == ["mine.py"]
    both = together([path, file(tmp_path, "mine.toml", 'half = "close / 2"')])
    assert both.combinations[:-1] == shipped().combinations
    assert [each.name for each in both.indicators] == ["upper_half_5"]


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("mine.py", "import nothing_of_this_name", "mine.py: ModuleNotFoundError"),
        ("mine.py", "1 / 0", "mine.py: ZeroDivisionError"),
        ("mine.py", "def (", "mine.py: SyntaxError"),
        ("mine.py", "x = 1", "mine.py: it declares nothing"),
        ("mine.toml", "", "mine.toml: it declares nothing"),
        ("mine.py", GOOD.replace("upper_half_5", "Upper"), "mine.py: indicator 'Upper': a name is"),
        ("mine.txt", "x", r"mine.txt: a file ends with .py or .toml"),
        ("mine.toml", 'half = "nope / 2"', "mine.toml: half: unknown column nope"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        read(file(tmp_path, name, text))


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nothing.py: there is no such file"):
        read(tmp_path / "nothing.py")
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="no text in UTF-8"):
        read(tmp_path / "mine.toml")


def test_the_setting_names_files_and_passes_on_to_children(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().indicators == ()
    monkeypatch.setenv("TRADEWIND_INDICATORS", "a.py, folder/b.toml")
    assert load().indicators == (Path("a.py"), Path("folder/b.toml"))
    assert environment(load())["TRADEWIND_INDICATORS"] == "a.py,folder/b.toml"
