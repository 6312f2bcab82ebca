"""How bad or good the words of the trade are, on VADER's scale of -4 to 4, chosen by hand; 0 takes a word out.

VADER was made for posts about films and products: it knows neither hack nor rally, and hears praise in shares.
"""

_BAD: tuple[tuple[float, str], ...] = (
    (-3.4, "hack hacks hacked hacking hacker hackers exploit exploits exploited exploiter heist ponzi rugpull rugged"),
    (-3.4, "bankrupt bankruptcy insolvent insolvency collapse collapses collapsed collapsing bloodbath implosion"),
    (-3.2, "crash crashes crashed crashing depeg depegs depegged depegging meltdown capitulation contagion wipeout"),
    (
        -3.0,
        "plunge plunges plunged plunging plummet plummets plummeted plummeting freefall nosedive nosedives tank tanks",
    ),
    (-3.0, "tanked tanking crater craters cratered drained embezzled laundering launder launders laundered ransomware"),
    (-2.8, "delist delists delisted delisting sanction sanctions sanctioned indicted indictment phishing malware"),
    (
        -2.6,
        "tumble tumbles tumbled tumbling slump slumps slumped slumping selloff rout dump dumps dumped dumping sinks",
    ),
    (
        -2.6,
        "sink sank sinking bleed bleeds bleeding ban bans banned banning outlaws lawsuit lawsuits sue sues sued suing",
    ),
    (
        -2.4,
        "liquidated liquidation liquidations outage outages halts halted breach breached vulnerability seized seizes",
    ),
    (
        -2.4,
        "rejects rejected rejection subpoena charged charges probe probes probed probing crackdown raid raids raided",
    ),
    (-2.2, "freeze freezes freezing frozen suspends suspended suspend layoffs downgrade downgrades downgraded bearish"),
    (-2.2, "drop drops dropped dropping fall falls fell falling slide slides slid sliding decline declines declined"),
    (
        -2.0,
        "declining bear bears dip dips dipped losses outflow outflows downtrend underwater recession fud slips slip",
    ),
    (-2.0, "slipped sheds loses erased erases wiped retreats retreat shrinks shrink weakens weakness stolen default"),
    (
        -1.6,
        "warns warn warned warning warnings correction pullback resistance overbought delay delays delayed postpones",
    ),
    (
        -1.6,
        "postponed postpone struggles struggling lows stall stalls stalled fined exits volatile inflation cuts lower",
    ),
    (
        -2.4,
        "vanish vanishes vanished vanishing evaporate evaporates evaporated seize seizing trapped fakeout blacklists",
    ),
    (-1.8, "fade fades faded fading fizzle fizzles fizzled bug bugs missing paused pauses unpaid shrug"),
)

_GOOD: tuple[tuple[float, str], ...] = (
    (3.2, "soar soars soared soaring skyrocket skyrockets skyrocketed skyrocketing moon mooning moons"),
    (3.0, "surge surges surged surging rally rallies rallied rallying ath aths breakout moonshot parabolic"),
    (2.6, "bullish bull bulls jump jumps jumped jumping rebound rebounds rebounded rebounding spike spikes rockets"),
    (2.4, "rise rises rose rising climb climbs climbed climbing gain gains gained gaining uptrend inflow inflows"),
    (
        2.4,
        "reclaim reclaims reclaimed recovers recover recovered recovery approves approve approved approval outperform",
    ),
    (
        2.2,
        "outperforms outperformed accumulate accumulates accumulated accumulating accumulation adopts adopt adoption",
    ),
    (
        2.0,
        "halving upgrade upgrades upgraded partners partnership partnerships integrates integrate integration listed",
    ),
    (2.0, "lists invests invest invested investment raises raised backs backed mainstream unveils expands expand"),
    (1.8, "expansion launches launch launched buys bought purchases grows grew growing record milestone exceeds"),
    (1.6, "tops topped wins refund refunds refunded reimburse reimburses hodl hodlers undervalued oversold eases"),
    (1.6, "legalizes legalises settles settled resumes restored restores scales lifts lifted dismissed cleared"),
    (1.6, "doubles triples higher fixed fixes overtake overtakes overtook pops popped outpaces repays repay repaid"),
)

#: What VADER weighs and the trade does not mean so: names of firms, shares, blocks, bonds.
_PLAIN = (
    "share shares shared trust interest interests block blocks blocking security securities united novel legal play"
    " plays number cash free like natural challenge demand demands supporting fed top create created creative"
    " active activity treasury grant grants smart pay pays paying safe party"
)

#: Words that mean something only together; a star stands for a number.
_PHRASES: tuple[tuple[float, tuple[str, ...]], ...] = (
    (-3.4, ("rug pull", "rug pulls", "pulls the rug", "exit scam", "death spiral", "bank run", "flash crash")),
    (-3.0, ("loses peg", "lost its peg", "loses its peg", "below its peg", "halts withdrawals", "pauses withdrawals")),
    (-3.0, ("suspends withdrawals", "freezes withdrawals", "files for bankruptcy", "chapter 11", "in the red")),
    (
        -2.4,
        (
            "sell off",
            "sell-off",
            "all-time low",
            "record low",
            "yearly low",
            "record lows",
            "lower low",
            "class action",
        ),
    ),
    (-2.4, ("extreme fear", "long liquidations", "longs liquidated", "cease and desist", "wells notice", "down *%")),
    (
        -2.4,
        ("bear market", "crypto winter", "death cross", "rate hike", "rate hikes", "lays off", "job cuts", "loses *%"),
    ),
    (-2.0, ("breaks below", "falls below", "drops below", "slips below", "closes below", "fails to", "shuts down")),
    (3.2, ("all-time high", "all-time highs", "all time high", "record high", "record highs", "new high", "new highs")),
    (2.8, ("bear market ends", "bear market is over", "end of the bear market", "bottom is in", "golden cross")),
    (
        2.4,
        ("bull run", "bull market", "short squeeze", "shorts liquidated", "short liquidations", "up *%", "yearly high"),
    ),
    (2.4, ("breaks above", "climbs above", "closes above", "holds above", "back above", "regains its peg", "rate cut")),
    (2.2, ("legal tender", "drops charges", "drops lawsuit", "case dismissed", "charges dropped", "recovers stolen")),
    (
        2.2,
        (
            "fears ease",
            "fear fades",
            "fears fade",
            "inflation cools",
            "shrugs off",
            "no sign of panic",
            "not a security",
        ),
    ),
    (2.2, ("returns stolen", "returns all stolen", "stolen funds returned", "not dead", "fails to break below")),
    (-2.0, ("hopes fade", "gives back", "gave back", "goes down", "went down", "no recovery", "runs dry", "dry up")),
    (2.0, ("lifts ban", "ban lifted", "goes live", "greed returns", "in the green", "withdrawals resume")),
)


def _spread(table: tuple[tuple[float, str], ...]) -> dict[str, float]:
    return {word: weight for weight, words in table for word in words.split()}


WORDS: dict[str, float] = {**_spread(_BAD), **_spread(_GOOD), **dict.fromkeys(_PLAIN.split(), 0.0)}

PHRASES: dict[str, float] = {phrase: weight for weight, phrases in _PHRASES for phrase in phrases}
