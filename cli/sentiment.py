"""`tradewind sentiment`: how well the models of sentiment tell good news from bad, on labelled headlines."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import load
from cli.output import as_json, out
from cli.verb import DataDir, Json, app, verb_of

group = typer.Typer(help="Sentiment of news: how well it is told.", no_args_is_help=True)
app.add_typer(group, name="sentiment")

#: The models learn, and are scored by, what somebody or something said: whoever reads the scores must know.
LABELS = "The scores are as good as the labels: where a tool made them, they measure agreement with that tool."

NAMES = {
    "most_frequent": "most frequent class",
    "bare_vader": "bare VADER",
    "vader_lexicon": "VADER, our lexicon",
    "tfidf": "TF-IDF classifier",
}

Headlines = Annotated[
    Path, typer.Option(help="Labelled headlines, Parquet or CSV: ts, title, label; docs/sentiment.md.")
]
Hand = Annotated[
    list[Path] | None, typer.Option(help="Headlines that people labelled: scored besides, never learned from.")
]
Months = Annotated[
    int, typer.Option(help="So many calendar months at the end are scored; models learn from those before.")
]
Seed = Annotated[int, typer.Option(help="Seed of the fit and of the bands.")]


@verb_of(group)
def report(
    headlines: Headlines,
    hand: Hand = None,
    months: Months = 3,
    seed: Seed = 7,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Score bare VADER, VADER with our lexicon and a learned classifier on later months than it learned from."""
    from adapters.news.labelled import read
    from models.sentiment.trial import contest, document, texts_of, trial

    load(data_dir=data_dir)  # a wrong setting is refused here as by every verb
    held = trial(texts_of(read(headlines)), seed, months)
    by_hand: dict[str, Any] = {}
    for path in hand or []:
        whole = texts_of(read(path))
        for (part,), rows in sorted(whole.group_by("part")):
            name = f"{path.name} {part}".strip()
            by_hand[name] = contest(rows.drop("ts"), held.learned, seed, held.guess)
    told = {**document(held, by_hand), "headlines": headlines.name, "note": LABELS}
    if json_:
        as_json(told)
        return 0
    trained, scored = (f"{told[f'{each}_from'][:10]} to {told[f'{each}_to'][:10]}" for each in ("trained", "scored"))
    out.print(f"{escape(headlines.name)}: learned from {told['rows_trained']:,} headlines, {trained}; scored {scored}")
    _show("later months", told["later_months"])
    for name, scores in by_hand.items():
        _show(name, scores)
    out.print(LABELS, style="dim")
    return 0


def _show(title: str, contenders: dict[str, dict[str, float]]) -> None:
    rows = int(next(iter(contenders.values()))["rows_scored"])
    grid = Table(box=None, pad_edge=False, padding=(0, 1))
    grid.add_column()
    for name in ("accuracy", "macro F1", "F1 bad", "neutral", "good"):
        grid.add_column(name, justify="right")
    for name, scores in contenders.items():
        classes = (f"{scores[f'f1_{each}']:.2f}" for each in ("negative", "neutral", "positive"))
        grid.add_row(NAMES[name], _band(scores, "accuracy"), _band(scores, "macro_f1"), *classes)
    out.print()
    out.print(f"[bold]{escape(title)}[/bold], {rows:,} headlines")
    out.print(grid)


def _band(scores: dict[str, float], name: str) -> str:
    return f"{scores[name]:.2f} ({scores[f'{name}_low']:.2f}-{scores[f'{name}_high']:.2f})"
