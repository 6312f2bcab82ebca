"""Which names and tickers stand for which currency: the declared dictionary of entity links.

A ticker that is a word (LINK, NEAR, ONE) counts only where it is plainly a ticker; a name that is a word (Compound,
Maker) only beside a word of the trade or with its ticker in the same text.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entity:
    """One currency: `code` is the base currency as venues write it, `others` further tickers of it."""

    code: str
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()  # names that are words too
    others: tuple[str, ...] = ()
    is_word: bool = False  # its ticker is a word or an abbreviation of something else

    @property
    def tickers(self) -> tuple[str, ...]:
        """All its tickers."""
        return (self.code, *self.others)


def _names(code: str, *names: str, others: Iterable[str] = (), is_word: bool = False) -> Entity:
    return Entity(code, names, others=tuple(others), is_word=is_word)


def _words(code: str, *words: str, names: Iterable[str] = (), is_word: bool = False) -> Entity:
    return Entity(code, tuple(names), words, is_word=is_word)


ENTITIES: tuple[Entity, ...] = (
    _names("BTC", "Bitcoin", "Bitcoins", others=["XBT"]),
    _names("ETH", "Ethereum", "Ether"),
    _names("BCH", "Bitcoin Cash", others=["BCC"]),
    _names("BSV", "Bitcoin SV", "Bitcoin Satoshi Vision"),
    _names("BTG", "Bitcoin Gold"),
    _names("ETC", "Ethereum Classic", is_word=True),
    _names("ENS", "Ethereum Name Service", is_word=True),
    _names("WBTC", "Wrapped Bitcoin"),
    _names("STETH", "Lido Staked Ether", "Staked Ether", "stETH"),
    _names("USDT", "Tether"),
    _names("USDC", "USD Coin"),
    _names("DAI", is_word=True),
    _names("BUSD", "Binance USD"),
    _names("TUSD", "TrueUSD"),
    _names("UST", "TerraUSD", others=["USTC"]),
    _words("LUNA", "Terra", names=["Terra Luna"]),
    _names("BNB", "Binance Coin", "BNB Chain"),
    _words("XRP", "Ripple"),
    _names("ADA", "Cardano", is_word=True),
    _names("SOL", "Solana", is_word=True),
    _names("DOGE", "Dogecoin"),
    _names("SHIB", "Shiba Inu", "Shiba Inus"),
    _names("PEPE", "Pepecoin", is_word=True),
    _names("DOT", "Polkadot", is_word=True),
    _names("KSM", "Kusama"),
    _words("MATIC", "Polygon"),
    _words("AVAX", "Avalanche"),
    _words("ATOM", "Cosmos", is_word=True),
    _names("LUNC", "Luna Classic", "Terra Classic"),
    _names("LTC", "Litecoin"),
    _names("LINK", "Chainlink", is_word=True),
    _names("UNI", "Uniswap", is_word=True),
    _names("AAVE", "Aave"),
    _words("COMP", "Compound", is_word=True),
    _words("MKR", "Maker", names=["MakerDAO"]),
    _words("CRV", "Curve", names=["Curve Finance"]),
    _names("SUSHI", "SushiSwap", is_word=True),
    _names("YFI", "Yearn Finance", "yearn.finance"),
    _words("XLM", "Stellar", names=["Stellar Lumens"]),
    _words("NEAR", "Near", names=["NEAR Protocol"], is_word=True),
    _names("ALGO", "Algorand", is_word=True),
    _names("XTZ", "Tezos"),
    _names("TRX", "TRON", "Tronix"),
    _names("XMR", "Monero"),
    _names("ZEC", "Zcash"),
    _words("DASH", "Dash", is_word=True),
    _names("EOS", "EOSIO", is_word=True),
    _words("NEO", "Neo", is_word=True),
    _names("FIL", "Filecoin", is_word=True),
    _names("ICP", "Internet Computer", is_word=True),
    _names("VET", "VeChain", is_word=True),
    _words("THETA", "Theta", is_word=True),
    _words("FTM", "Fantom"),
    _words("ONE", "Harmony", is_word=True),
    _names("HBAR", "Hedera", "Hedera Hashgraph"),
    _names("EGLD", "Elrond", "MultiversX"),
    _names("AXS", "Axie Infinity"),
    _names("SAND", "The Sandbox", is_word=True),
    _names("MANA", "Decentraland", is_word=True),
    _names("APE", "ApeCoin", is_word=True),
    _names("GALA", "Gala Games", is_word=True),
    _names("CRO", "Cronos", "Crypto.com Coin", is_word=True),
    _names("FTT", "FTX Token"),
    _names("KCS", "KuCoin Token"),
    _names("OKB"),
    _names("LEO", "UNUS SED LEO", is_word=True),
    _words("WAVES", "Waves", is_word=True),
    _names("RUNE", "THORChain", is_word=True),
    _names("GRT", "The Graph"),
    _names("LDO", "Lido DAO"),
    _names("ARB", "Arbitrum", is_word=True),
    _words("OP", "Optimism", is_word=True),
    _names("APT", "Aptos", is_word=True),
    _words("SUI", "Sui", is_word=True),
    _names("TON", "Toncoin", is_word=True),
    _names("CEL", "Celsius Network Token", is_word=True),
    _names("IOTA", "MIOTA", is_word=True),
    _names("QTUM", "Qtum"),
    _names("OMG", "OmiseGO", "OMG Network", is_word=True),
    _names("ZIL", "Zilliqa"),
    _names("STX", "Stacks Token", is_word=True),
    _names("FLOW", "Flow Blockchain", is_word=True),
    _names("ROSE", "Oasis Network", is_word=True),
    _names("KLAY", "Klaytn"),
    _names("CAKE", "PancakeSwap", is_word=True),
    _names("1INCH", "1inch"),
    _names("SNX", "Synthetix"),
    _names("BAT", "Basic Attention Token", is_word=True),
    _names("ENJ", "Enjin", "Enjin Coin"),
    _names("CHZ", "Chiliz"),
)
